"""Posts that not everybody can see: who may read them, and in which Slack channel they are shown."""
