namespace HealthExport.Tests.Support;

/// <summary>For tests that measure the process: no other test runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
