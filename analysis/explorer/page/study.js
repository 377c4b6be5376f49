const study = { shown: null };
