using System.Globalization;
using HealthExport.Server.CommandLine;
using Spectre.Console;

namespace HealthExport.Server.Importing;

/// <summary>
/// How an import goes on, on stderr: a line for each file when it is done and, if a person watches, below them one bar
/// over all bytes with the rate, the time left and the file in work.
/// </summary>
sealed class ImportProgress
{
    // Of the bar: a rough share of the time that a file takes to be read, hashed and compressed.
    const double ReadingShare = 0.15;
    const int LongestName = 40;

    readonly Shell _shell;
    readonly IAnsiConsole? _console;
    readonly ProgressTask? _bar;
    readonly long _startedAt;
    string _file = "";
    long _bytes;        // of the file in work
    double _done;       // bytes of the files before it
    long _items;

    ImportProgress(Shell shell, IAnsiConsole? console, ProgressTask? bar)
    {
        (_shell, _console, _bar) = (shell, console, bar);
        _startedAt = shell.Clock.GetTimestamp();
    }

    /// <param name="bytes">Of all files together.</param>
    public static async Task RunAsync(Shell shell, long bytes, Func<ImportProgress, Task> work)
    {
        if (!shell.IsWatched)
        {
            await work(new(shell, null, null));
            return;
        }
        var console = Answer.OpenConsole(shell.Error, isTerminal: true);
        await console
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
                new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(bars => work(new(shell, console, bars.AddTask("import", maxValue: Math.Max(1, bytes)))));
    }

    /// <param name="file">Fit to be printed.</param>
    /// <param name="bytes">As many as it has of all.</param>
    public void Begin(string file, long bytes)
    {
        (_file, _bytes) = (file, bytes);
        Show(0);
    }

    public void Report(double fraction) => Show(fraction);

    public void ReportReading(double fraction) => Show(fraction * ReadingShare);

    public void ReportStoring(double fraction) => Show(ReadingShare + fraction * (1 - ReadingShare));

    /// <param name="items">That came in it.</param>
    public void End(string outcome, long items = 0)
    {
        _items += items;
        Show(1);
        _done += _bytes;
        _bytes = 0;
        var line = $"{_file}: {outcome}";
        if (_console is null) _shell.Error.WriteLine(line);
        else _console.WriteLine(line);
    }

    void Show(double fraction)
    {
        if (_bar is null) return;
        var bytes = _done + _bytes * Math.Clamp(fraction, 0, 1);
        var seconds = Math.Max(_shell.Clock.GetElapsedTime(_startedAt).TotalSeconds, 0.001);
        var name = _file.Length <= LongestName ? _file : "…" + _file[^LongestName..];
        _bar.Description = Markup.Escape(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}  {bytes / seconds / 1e6:0.0} MB/s{(_items > 0 ? $", {_items / seconds:N0} items/s" : "")}"));
        // Some files are read more than once.
        _bar.Value = Math.Max(_bar.Value, bytes);
    }
}
