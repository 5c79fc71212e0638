select portico.create_plumbing('tenancy');
