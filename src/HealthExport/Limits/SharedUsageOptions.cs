namespace HealthExport.Limits;

/// <summary>Where processes share what they count, and how long they wait for it.</summary>
/// <param name="Url"><c>redis://[:password@]host[:port][/database]</c>, or <c>rediss://</c> for TLS.</param>
public sealed record SharedUsageOptions(string Url)
{
    /// <summary>What every name there begins with, so that several installations may use one server.</summary>
    public string Prefix { get; init; } = "healthexport:";

    /// <summary>How long a connection may take. Default 2 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an answer may take before the server counts as away. Default 500 ms.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMilliseconds(500);
}
