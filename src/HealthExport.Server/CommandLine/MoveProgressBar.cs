using System.Diagnostics;
using System.Globalization;
using HealthExport.Moving;
using Spectre.Console;

namespace HealthExport.Server.CommandLine;

/// <summary>How a move goes on, on stderr: a bar if a person watches, else a line for each table.</summary>
static class MoveProgressBar
{
    public static async Task<MoveOutcome> RunAsync(
        Shell shell, Func<Action<MoveProgress>, Task<MoveOutcome>> move)
    {
        if (!shell.IsWatched)
        {
            (string, bool)? last = null;
            return await move(progress =>
            {
                if (last == (progress.Table, progress.IsVerifying)) return;
                last = (progress.Table, progress.IsVerifying);
                shell.Error.WriteLine($"{(progress.IsVerifying ? "Verifying" : "Copying")} {progress.Table}");
            });
        }
        MoveOutcome? outcome = null;
        await Answer.OpenConsole(shell.Error, isTerminal: true)
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
                new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async bars =>
            {
                var bar = bars.AddTask("Looking at both stores", maxValue: 1);
                var started = shell.Clock.GetTimestamp();
                outcome = await move(progress =>
                {
                    var seconds = shell.Clock.GetElapsedTime(started).TotalSeconds;
                    bar.Description = Markup.Escape(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{(progress.IsVerifying ? "Verifying" : "Copying")} {progress.Table}, "
                        + $"{progress.Rows / Math.Max(seconds, 0.001):N0} rows/s"));
                    bar.Value = progress.TotalRows == 0 ? 1 : Math.Min(1, (double)progress.Rows / progress.TotalRows);
                });
                bar.StopTask();
            });
        return outcome ?? throw new UnreachableException();
    }
}
