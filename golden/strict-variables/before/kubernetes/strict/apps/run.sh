#!/bin/sh
exec ${PROGRAM} --all
