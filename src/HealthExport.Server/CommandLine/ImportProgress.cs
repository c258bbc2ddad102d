using Spectre.Console;

namespace HealthExport.Server.CommandLine;

enum ImportStage : byte
{
    Reading,
    Storing,
}

/// <param name="Fraction">Of the file, 0 to 1.</param>
readonly record struct ImportStep(ImportStage Stage, double Fraction);

/// <summary>Progress on stderr: a bar for each file where a person watches, else a line when it is done.</summary>
sealed class ImportProgress
{
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
        await Answer.OpenConsole(shell.Error, AnsiSupport.Detect, width: null)
            .Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(),
                new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(bars => work(new(shell, bars)));
    }

    public Action<ImportStep> Begin(string file)
    {
        _file = file;
        _bar = _bars?.AddTask(Describe("reading"), maxValue: 1);
        return Report;
    }

    public void End(string outcome, bool isBad)
    {
        if (_bar is null)
        {
            _shell.Error.WriteLine($"{_file}: {outcome}");
            return;
        }
        _bar.IsIndeterminate = false;
        _bar.Value = isBad ? _bar.Value : 1;
        _bar.Description = Describe(outcome);
        _bar.StopTask();
    }

    void Report(ImportStep step)
    {
        if (_bar is null) return;
        _bar.Value = step.Fraction;
        if (step.Stage != ImportStage.Storing) return;
        _bar.IsIndeterminate = true;
        _bar.Description = Describe("storing");
    }

    string Describe(string state) => Markup.Escape($"{Path.GetFileName(_file)}: {state}");
}
