#!/bin/sh
# Starts Redis with its password from the environment, which command lines do not show. Arguments go to redis-server.
# The users of rented workers are made by the provisioner.
set -eu
password=$EASEL_REDIS_PASSWORD
unset EASEL_REDIS_PASSWORD REDISCLI_AUTH
exec redis-server /etc/easel/redis.conf "$@" - <<CONFIGURATION
requirepass $password
CONFIGURATION
