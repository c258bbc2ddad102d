using Spectre.Console;

namespace HealthExport.Server.CommandLine;

enum ImportStage : byte
{
    Reading,
    Storing,
}

/// <param name="Fraction">Of the stage, 0 to 1.</param>
readonly record struct ImportStep(ImportStage Stage, double Fraction);

/// <summary>Progress on stderr: a line for each file when it is done, until then a bar if a person watches.</summary>
sealed class ImportProgress
{
    // Of the bar: a rough share of the time that a file takes to be read, hashed and compressed.
    const double ReadingShare = 0.15;

    readonly List<string> _outcomes = [];
    readonly Shell _shell;
    readonly ProgressContext? _bars;
    ProgressTask? _bar;
    string _file = "";

    ImportProgress(Shell shell, ProgressContext? bars)
    {
        _shell = shell;
        _bars = bars;
    }

    public static async Task RunAsync(Shell shell, Func<ImportProgress, Task> work)
    {
        if (!shell.IsWatched)
        {
            await work(new(shell, null));
            return;
        }
        IReadOnlyList<string> outcomes = [];
        await Answer.OpenConsole(shell.Error, isTerminal: true)
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
                new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async bars =>
            {
                var progress = new ImportProgress(shell, bars);
                outcomes = progress._outcomes;
                await work(progress);
            });
        // The bars wrap long lines and are gone by now.
        foreach (var outcome in outcomes) shell.Error.WriteLine(outcome);
    }

    public Action<ImportStep> Begin(string file)
    {
        _file = file;
        _bar = _bars?.AddTask(Markup.Escape(Path.GetFileName(file)), maxValue: 1);
        return Report;
    }

    public void End(string outcome)
    {
        var line = $"{_file}: {outcome}";
        if (_bars is null) _shell.Error.WriteLine(line);
        else _outcomes.Add(line);
        _bar?.StopTask();
    }

    void Report(ImportStep step)
    {
        if (_bar is null) return;
        _bar.Value = step.Stage == ImportStage.Reading
            ? step.Fraction * ReadingShare
            : ReadingShare + step.Fraction * (1 - ReadingShare);
    }
}
