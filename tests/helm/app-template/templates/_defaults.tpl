{{/*
docs/app-template.md#from-2x: what 2.x has by default. The chart merges the values of a release over its own; here only what
matters to objects, their names, and what they call others. Later versions have none of it.
*/}}
{{- define "defaults.v2" -}}
defaultPodOptions: {enableServiceLinks: true}
controllers:
  main:
    enabled: true
    type: deployment
    cronjob: {schedule: "*/20 * * * *"}
    containers:
      main:
        order: 1
        probes:
          liveness: {enabled: true, custom: false, type: TCP, spec: {failureThreshold: 3, periodSeconds: 10}}
          readiness: {enabled: true, custom: false, type: TCP, spec: {failureThreshold: 3, periodSeconds: 10}}
          startup: {enabled: true, custom: false, type: TCP, spec: {failureThreshold: 30, periodSeconds: 5}}
service:
  main:
    enabled: true
    controller: main
    primary: true
    ports:
      http: {enabled: true, primary: true, protocol: HTTP}
serviceMonitor:
  main:
    enabled: false
    serviceName: '{{ `{{ include "bjw-s.common.lib.chart.names.fullname" $ }}` }}'
    endpoints: [{port: http, scheme: http, path: /metrics, interval: 1m, scrapeTimeout: 10s}]
ingress:
  main: {enabled: false, primary: true}
route:
  main:
    enabled: false
    rules: [{backendRefs: [{name: main}], matches: [{path: {type: PathPrefix, value: /}}]}]
persistence:
  config: {enabled: false, accessMode: ReadWriteOnce, size: 1Gi}
networkpolicies:
  main:
    enabled: false
    controller: main
    policyTypes: [Ingress, Egress]
    rules: {ingress: [{}], egress: [{}]}
configMaps:
  config: {enabled: false}
secrets:
  secret: {enabled: false}
{{- end -}}

{{/* The name that the chart itself has for its full name: values may call it. */}}
{{- define "bjw-s.common.lib.chart.names.fullname" -}}
{{- include "fullname" . -}}
{{- end -}}
