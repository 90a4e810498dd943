"""AWS itself: one platform stack and one stack per service, made by a CDK app from our tables.

The CDK runs on Node. Which one, it reads from the environment as soon as `aws_cdk` is imported, so
the Node of the package index is named here, before any module of this package can import that.
"""

import os

from infra.aws import node

os.environ.setdefault("JSII_NODE", str(node.binary()))
