using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace HealthExport.Server.CommandLine;

/// <summary>What a verb prints on stdout: one JSON document, or text for people.</summary>
static class Answer
{
    static readonly JsonSerializerOptions s_json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static void Write(TextWriter writer, JsonNode document) => writer.WriteLine(document.ToJsonString(s_json));

    public static JsonArray ToArray<T>(IEnumerable<T> items, Func<T, JsonNode?> toNode) =>
        [.. items.Select(toNode)];

    /// <summary>An instant as the contract has it: RFC 3339, UTC.</summary>
    public static string? Format(Time.Instant? at) =>
        at is { IsNone: false } instant
            ? instant.At(0).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture)
            : null;

    /// <summary>A table for people. Cells are text, never markup, and may be what somebody sent.</summary>
    public static void WriteTable(Shell shell, string[] headers, IEnumerable<string?[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var header in headers) table.AddColumn(new TableColumn(new Text(header)).NoWrap());
        foreach (var row in rows) table.AddRow(row.Select(cell => new Text(PrintedText.Of(cell ?? ""))));
        var console = OpenConsole(shell.Out, isTerminal: false);
        console.Profile.Width = shell.FindWidth();
        console.Write(table);
    }

    /// <param name="isTerminal">Whether it takes colours and lines that are written over.</param>
    public static IAnsiConsole OpenConsole(TextWriter writer, bool isTerminal) =>
        AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });

    /// <summary>Bytes in the largest unit that keeps three digits: <c>90.1 MB</c>, powers of ten.</summary>
    public static string FormatSize(long bytes)
    {
        if (bytes < 1000) return $"{bytes} B";
        double size = bytes;
        foreach (var unit in (ReadOnlySpan<string>)["kB", "MB", "GB", "TB"])
        {
            size /= 1000;
            if (size < 999.5 || unit == "TB") return string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{size:0.#} {unit}");
        }
        throw new System.Diagnostics.UnreachableException();
    }
}
