using HealthExport.Server.CommandLine;

return await CommandLineApp.RunAsync(args, Shell.OfProcess());
