#!/bin/sh
# One resolution for all, then one list per service out of it: names, versions, hashes, no addresses.
set -eu
compile() {
    output=$1; shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-header --output-file "$output" "$@"
}
echo 'uv' | compile requirements/uv.txt -
compile requirements/all.txt pyproject.toml services/*/pyproject.toml algorithms/*/pyproject.toml \
    --group pyproject.toml:local --group pyproject.toml:infra --group pyproject.toml:dev
compile requirements/pipelines.txt --group pyproject.toml:pipelines --override requirements/pipelines-without.in
for project in services/*/pyproject.toml algorithms/*/pyproject.toml; do
    [ -e "$project" ] || continue
    compile "requirements/$(basename "$(dirname "$project")").txt" "$project" --constraint requirements/all.txt
done
