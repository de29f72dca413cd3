{{- define "console.labels" -}}
app.kubernetes.io/name: deploy-console
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Of every object. */}}
{{- define "console.objectLabels" -}}
{{ include "console.labels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "console.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* What the console is told. A secret's value is never in here, only its file. */}}
{{- define "console.config" -}}
CONSOLE_URL: {{ .Values.consoleUrl | quote }}
TRUSTED_PROXIES: {{ .Values.trustedProxies | quote }}
IN_PROCESS_WORKER: 'off'
METRICS_PORT: '9464'
METRICS_HOST: 0.0.0.0
{{- range $name, $value := .Values.config }}
{{ $name }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "console.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "console.container" -}}
image: {{ include "console.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "console.volumeMounts" -}}
- { name: secrets, mountPath: /secrets, readOnly: true }
- { name: surfaces, mountPath: /etc/deploy-console, readOnly: true }
{{- end }}

{{- define "console.volumes" -}}
- name: secrets
  secret: { secretName: {{ .Values.secret | quote }}, defaultMode: 0440 }
- name: surfaces
  configMap: { name: {{ .Release.Name }}-surfaces }
{{- end }}

{{- /* New pods for a new configuration. surfaces.yaml is read by the job that applies it. */}}
{{- define "console.podAnnotations" -}}
checksum/config: {{ include "console.config" . | sha256sum }}
{{- end }}
