using System.Text.RegularExpressions;
using HealthExport.Tests.Support;

namespace HealthExport.Tests;

public sealed partial class RepositoryTests
{
    [Theory]
    [InlineData("dotnet run --project src/HealthExport.Server")]
    [InlineData("./test")]
    public void The_README_gives_the_command_on_a_line_of_its_own(string command) =>
        Assert.Contains(command, RepositoryFacts.Read("README.md").Split('\n').Select(line => line.Trim()));

    [Theory]
    [InlineData("test")]
    [InlineData(".ci/run")]
    public void A_script_can_be_run(string path)
    {
        var file = Path.Combine(RepositoryFacts.Root, path);
        Assert.True(File.Exists(file), $"{path} is missing");
        if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute));
    }

    [Fact]
    public void The_build_server_runs_what_the_README_names() =>
        Assert.Matches(@"(?m)^exec .*/test""$", RepositoryFacts.Read(".ci/run"));

    [Fact]
    public void Every_source_file_is_short_or_on_the_list_of_long_ones() =>
        Assert.Equal(
            RepositoryFacts.LongFilesAllowed.Keys.Order(),
            RepositoryFacts.SourceFiles("src").Where(IsLong).Order());

    [Fact]
    public void Every_decision_gives_its_context_the_decision_and_the_consequences()
    {
        var decisions = RepositoryFacts.Pages().Where(page => DecisionName().IsMatch(page)).ToArray();

        Assert.NotEmpty(decisions);
        Assert.All(decisions, page => Assert.Equal(
            ["Context", "Decision", "Consequences"],
            Heading().Matches(RepositoryFacts.Read(page)).Select(heading => heading.Groups[1].Value)));
    }

    [Fact]
    public void Every_decision_is_listed()
    {
        var pages = RepositoryFacts.Pages().Where(page => page.StartsWith("docs/decisions/", StringComparison.Ordinal));
        var index = RepositoryFacts.Read("docs/decisions/README.md");

        Assert.All(pages.Where(page => !page.EndsWith("/README.md", StringComparison.Ordinal)), page =>
        {
            Assert.Matches(DecisionName(), page);
            Assert.Contains($"]({Path.GetFileName(page)})", index);
        });
    }

    [Fact]
    public void Every_relative_link_leads_somewhere() =>
        Assert.All(RepositoryFacts.Pages(), page => Assert.All(Link().Matches(RepositoryFacts.Read(page)), link =>
        {
            var target = link.Groups[1].Value;
            var path = Path.Combine(RepositoryFacts.Root, Path.GetDirectoryName(page)!, target);
            Assert.True(Path.Exists(path), $"{page} links to {target}, which does not exist");
        }));

    // A row of a table cannot be broken.
    [Fact]
    public void A_line_of_a_page_has_at_most_120_columns() =>
        Assert.All(RepositoryFacts.Pages(), page => Assert.All(
            RepositoryFacts.Read(page).ReplaceLineEndings("\n").Split('\n'),
            line => Assert.True(
                line.Length <= 120 || line.StartsWith("| ", StringComparison.Ordinal), $"{page}: {line}")));

    [Fact]
    public void Every_example_setting_is_an_assignment_or_a_comment() =>
        Assert.All(
            RepositoryFacts.Read(".env.example").Split('\n', StringSplitOptions.RemoveEmptyEntries),
            line => Assert.Matches("^(#.*|[A-Z][A-Z0-9_]*=.*)$", line));

    [Theory]
    [InlineData("push")]
    [InlineData("payload")]
    [InlineData("ingestion")]
    [InlineData("receipt")]
    [InlineData("item")]
    [InlineData("reject")]
    [InlineData("sample")]
    [InlineData("metric")]
    [InlineData("grain")]
    [InlineData("source")]
    [InlineData("night")]
    [InlineData("route")]
    [InlineData("key")]
    [InlineData("scope")]
    public void The_glossary_gives_the_word_one_meaning(string word) =>
        Assert.Single(Regex.Matches(RepositoryFacts.Read("docs/glossary.md"), $@"(?m)^\*\*{word}\*\* — "));

    [Fact]
    public void The_glossary_has_no_word_twice_and_none_that_nobody_uses()
    {
        var words = GlossaryWord().Matches(RepositoryFacts.Read("docs/glossary.md"))
            .Select(word => word.Groups[1].Value).ToList();
        Assert.Equal(words.Distinct(), words);
        var code = string.Join('\n', RepositoryFacts.SourceFiles("src").Select(RepositoryFacts.Read));
        // "canonical unit" is CanonicalUnit or a metric's Unit: its last word has to do.
        Assert.All(words, word => Assert.Contains(word.Split(' ')[^1], code, StringComparison.OrdinalIgnoreCase));
    }

    static bool IsLong(string path) =>
        File.ReadLines(Path.Combine(RepositoryFacts.Root, path)).Skip(RepositoryFacts.LongFileLines).Any();

    [GeneratedRegex(@"^docs/decisions/\d{4}-[a-z0-9-]+\.md$")]
    private static partial Regex DecisionName();

    [GeneratedRegex(@"(?m)^## (.+)$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"(?m)^\*\*([^*]+)\*\* — ")]
    private static partial Regex GlossaryWord();

    /// <summary>The target of an inline link that stays in the repository, without its fragment.</summary>
    [GeneratedRegex(@"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();
}
