{{/* How checkpoints reach the pod. */}}

{{/* Region and, without an IAM role, static credentials for S3; takes the root. */}}
{{- define "inference.awsEnv" -}}
{{- with .Values.s3.region }}
- name: AWS_REGION
  value: {{ . }}
- name: AWS_DEFAULT_REGION # the name that boto3 reads
  value: {{ . }}
{{- end }}
{{- with .Values.s3.secretName }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_ACCESS_KEY_ID}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SECRET_ACCESS_KEY}}
- name: AWS_SESSION_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . }}, key: AWS_SESSION_TOKEN, optional: true}}
{{- end }}
{{- end -}}

{{/* The init container of loader.mode init; takes settings and root. */}}
{{- define "inference.downloader" -}}
- name: model-downloader
  image: {{ include "inference.image" .settings.image }}
  imagePullPolicy: {{ .settings.image.pullPolicy }}
  command: [python3, /opt/downloader/download_checkpoint.py]
  args:
    - {{ .settings.model }}
    - {{ include "inference.modelPath" .settings }}
    - --concurrency={{ int .settings.loader.concurrency }}
    - --part-size-mib={{ int .settings.loader.partSizeMiB }}
    {{- with .settings.modelCache.sizeLimit }}
    - --size-limit={{ include "inference.bytes" . }}
    {{- end }}
    {{- range .settings.loader.ignore }}
    - {{ printf "--ignore=%s" . | quote }}
    {{- end }}
  {{- with include "inference.awsEnv" .root }}
  env: {{- . | nindent 4 }}
  {{- end }}
  resources: {{- toYaml .settings.loader.resources | nindent 4 }}
  securityContext: {{- toYaml .root.Values.securityContext | nindent 4 }}
  # `kubectl describe pod` then shows why a download failed.
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - {name: models, mountPath: /models}
    - {name: downloader, mountPath: /opt/downloader, readOnly: true}
    - {name: tmp, mountPath: /tmp}
{{- end -}}
