{{/* A CronJob of the product. root, component, values, config, key, role, args; perhaps labels, env, mounts, volumes as YAML. */}}
{{- define "inventory.cronjob" -}}
{{- $files := dict "root" .root "role" .role "configMap" (include "inventory.name" (dict "root" .root "component" "config")) "key" .key -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "inventory.name" . }}
  labels:
    {{- include "inventory.labels" . | nindent 4 }}
  annotations:
    argocd.argoproj.io/sync-wave: "5"
    # One failed run is for the alerts, not for the application's health.
    argocd.argoproj.io/ignore-healthcheck: "true"
spec:
  schedule: {{ .values.schedule | quote }}
  timeZone: {{ .values.timeZone | quote }}
  suspend: {{ .values.suspend }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: {{ .values.startingDeadlineSeconds }}
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    metadata:
      labels:
        {{- include "inventory.labels" . | nindent 8 }}
    spec:
      activeDeadlineSeconds: {{ .values.activeDeadlineSeconds }}
      backoffLimit: {{ .values.backoffLimit }}
      ttlSecondsAfterFinished: 3600
      podFailurePolicy:
        rules:
          # Bad configuration: trying again helps nobody.
          - action: FailJob
            onExitCodes: { containerName: {{ .container }}, operator: In, values: [2] }
          - action: Ignore
            onPodConditions: [{ type: DisruptionTarget, status: "True" }]
      template:
        metadata:
          {{- include "inventory.pod-metadata" . | nindent 10 }}
        spec:
          {{- include "inventory.pod-base" . | nindent 10 }}
          restartPolicy: Never
          terminationGracePeriodSeconds: 30
          containers:
            - name: {{ .container }}
              image: {{ include "inventory.image" .root | quote }}
              imagePullPolicy: {{ .root.Values.image.pullPolicy }}
              args: {{ toJson .args }}
              env:
                {{- include "inventory.env" (dict "root" .root "trigger" "cronjob") | nindent 16 }}
                {{- with .env }}
                {{- . | nindent 16 }}
                {{- end }}
              resources:
                {{- toYaml .values.resources | nindent 16 }}
              {{- include "inventory.container-security" . | nindent 14 }}
              volumeMounts:
                {{- include "inventory.mounts" $files | nindent 16 }}
                {{- with .mounts }}
                {{- . | nindent 16 }}
                {{- end }}
          volumes:
            {{- include "inventory.volumes" $files | nindent 12 }}
            {{- with .volumes }}
            {{- . | nindent 12 }}
            {{- end }}
{{- end -}}
