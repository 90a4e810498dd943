"""The deployer's ports in boto3: translation only."""
