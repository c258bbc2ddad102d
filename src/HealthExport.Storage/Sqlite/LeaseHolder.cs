using System.Diagnostics;
using System.Globalization;

namespace HealthExport.Storage.Sqlite;

/// <summary>
/// Names a process so that another one on the same host can tell whether it still runs: <c>machine|pid|start</c>. Start
/// is in clock ticks since boot where the kernel tells (Linux), so that a clock set anew does not make a living process
/// look dead; elsewhere in seconds since 1601.
/// </summary>
sealed record LeaseHolder(string Machine, int ProcessId, long Start)
{
    /// <summary>This process.</summary>
    public static LeaseHolder Current { get; } = new(
        Environment.MachineName, Environment.ProcessId, FindStart(Environment.ProcessId) ?? 0);

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Machine}|{ProcessId}|{Start}");

    /// <summary>True when <paramref name="holder"/> ran on this host and does not any more; false when in doubt.
    /// </summary>
    public bool KnowsDead(string holder)
    {
        if (holder == ToString()) return false;
        var parts = holder.Split('|');
        return parts.Length == 3 && parts[0] == Machine
            && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var processId)
            && long.TryParse(parts[2], CultureInfo.InvariantCulture, out var start)
            && FindStart(processId) != start;
    }

    static long? FindStart(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // The name in parentheses may hold blanks; the start is the 20th field after it (proc(5), starttime).
                var stat = File.ReadAllText($"/proc/{processId}/stat");
                return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture);
            }
            using var process = Process.GetProcessById(processId);
            // The framework offers this as a DateTime only.
#pragma warning disable RS0030
            return process.StartTime.ToFileTimeUtc() / TimeSpan.TicksPerSecond;
#pragma warning restore RS0030
        }
        catch (Exception error) when (error is IOException or ArgumentException or InvalidOperationException
            or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
