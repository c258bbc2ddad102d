namespace HealthExport.Server.Settings;

/// <summary>A setting cannot be used. The text names it and what is allowed, never a secret value.</summary>
sealed class InvalidSettingException(string name, string problem) : Exception($"{name} {problem}")
{
    public string Name => name;
}
