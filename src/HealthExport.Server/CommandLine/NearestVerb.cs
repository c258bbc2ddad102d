using System.CommandLine;

namespace HealthExport.Server.CommandLine;

/// <summary>Guesses what a mistyped word was meant to be.</summary>
static class NearestVerb
{
    const int MaxMistakes = 2;

    public static string? Find(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens is not [var typed, ..]) return null;
        var command = parsed.CommandResult.Command;
        IEnumerable<string> known = typed.StartsWith('-')
            ? command.Options.Select(option => option.Name).Append(Call.JsonOption.Name)
            : command.Subcommands.Select(subcommand => subcommand.Name);
        var nearest = known.Select(name => (Name: name, Mistakes: CountMistakes(typed, name)))
            .OrderBy(candidate => candidate.Mistakes).FirstOrDefault();
        return nearest.Name is not null && nearest.Mistakes <= MaxMistakes ? nearest.Name : null;
    }

    /// <summary>Levenshtein's distance: letters added, left out or exchanged.</summary>
    static int CountMistakes(string typed, string meant)
    {
        var above = Enumerable.Range(0, meant.Length + 1).ToArray();
        for (var i = 1; i <= typed.Length; i++)
        {
            var row = new int[meant.Length + 1];
            row[0] = i;
            for (var j = 1; j <= meant.Length; j++)
                row[j] = Math.Min(
                    Math.Min(above[j], row[j - 1]) + 1, above[j - 1] + (typed[i - 1] == meant[j - 1] ? 0 : 1));
            above = row;
        }
        return above[^1];
    }
}
