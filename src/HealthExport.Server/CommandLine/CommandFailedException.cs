namespace HealthExport.Server.CommandLine;

/// <summary>A verb could not do what it was asked: shown as one line and a hint, exit code 1.</summary>
/// <param name="message">What happened, for the operator.</param>
/// <param name="hint">What to do about it.</param>
sealed class CommandFailedException(string message, string? hint = null) : Exception(message)
{
    public string? Hint => hint;
}

/// <summary>The command line itself asks for something impossible: shown likewise, exit code 2.</summary>
sealed class UsageException(string message, string? hint = null) : Exception(message)
{
    public string? Hint => hint;
}
