using System.Reflection;
using System.Text.RegularExpressions;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Documents;

/// <summary>The list of attacks names tests; each of them is there.</summary>
public sealed partial class SecurityTestsTests
{
    const string Page = "docs/security-tests.md";

    [Fact]
    public void Every_test_that_the_list_of_attacks_names_is_there()
    {
        var tests = (
            from type in typeof(SecurityTestsTests).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
            where method.GetCustomAttributes().Any(attribute => attribute is FactAttribute)
            select $"{type.Name}.{method.Name}").ToHashSet();
        var named = TestName().Matches(RepositoryFacts.Read(Page)).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, tests));
    }

    [Fact]
    public void Each_of_the_ten_has_attacks_and_each_attack_a_test()
    {
        var parts = Regex.Split(RepositoryFacts.Read(Page).ReplaceLineEndings("\n"), @"(?m)^## API").Skip(1).ToList();
        Assert.Equal(Enumerable.Range(1, 10), parts.Select(part => int.Parse(part.Split(':')[0])));
        Assert.All(parts, part =>
        {
            var rows = part.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2).ToList();
            Assert.NotEmpty(rows);
            Assert.All(rows, row => Assert.Matches(TestName(), row));
        });
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+\\.[A-Z][A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
