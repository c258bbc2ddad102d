using System.Text;
using HealthExport.Json;

namespace HealthExport.Tests.Json;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[1,{"c":2,"d":3}]}""", """{ "b" : [1, {"d":3,"c":2}], "a" : 1 }""", true)]
    [InlineData("""{"a":1,"a":2}""", """{"a":2}""", true)]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", false)]
    [InlineData("""{"a":1}""", """{"a":1.0}""", false)]
    [InlineData("""{"a":"\ud800"}""", """{ "a":"\ud800"}""", true)]
    [InlineData("""{"a":"\ud800"}""", """{"a":"\ud801"}""", false)]
    [InlineData("""[]""", """{}""", false)]
    [InlineData("not json", "not json", true)]
    [InlineData("not json", "not  json", false)]
    public void Two_texts_are_the_same_when_they_say_the_same(string a, string b, bool expected)
    {
        Assert.Equal(expected, CanonicalJson.Same(a, b));
        Assert.Equal(expected, CanonicalJson.Same(b, a));
    }

    [Theory]
    [InlineData("{}", "{}", "{}")]
    [InlineData("{}", """{"a":1}""", """{"a":1}""")]
    [InlineData("""{"a":1}""", "{}", """{"a":1}""")]
    [InlineData("""{"a":1,"b":{"c":2}}""", """{"d":"count\\/min","b":[3.0]}""", """{"a":1,"d":"count\\/min","b":[3.0]}""")]
    [InlineData("""{ "u":"count\\/min", "n":1.0 }""", """{"n":1.0}""", """{ "u":"count\\/min", "n":1.0 }""")]
    [InlineData("""{"a":1}""", """{ "a" : 1 }""", """{"a":1}""")]
    [InlineData("""{"a":1,"b":2}""", """{"b":3,"a":1}""", """{"b":3,"a":1}""")]
    [InlineData("[1]", "[2]", "[2]")]
    [InlineData("not json", """{"a":1}""", """{"a":1}""")]
    public void Of_two_objects_one_is_made_that_forgets_nothing_and_keeps_the_spelling(
        string first, string second, string expected)
    {
        Assert.Equal(expected, CanonicalJson.Unite(first, second));
        Assert.Equal(expected, CanonicalJson.Unite(expected, second));
    }

    [Fact]
    public void Bytes_that_are_no_utf_8_are_kept_apart()
    {
        byte[] a = [.. "{\"x\":\""u8, 0xFF, .. "\"}"u8];
        byte[] b = [.. "{\"x\":\""u8, 0xFE, .. "\"}"u8];
        byte[] spaced = [.. "{ \"x\":\""u8, 0xFF, .. "\"}"u8];

        Assert.False(CanonicalJson.Same(a, b));
        Assert.True(CanonicalJson.Same(a, spaced));
    }

    [Fact]
    public void The_absent_is_the_same_as_the_absent_only()
    {
        Assert.True(CanonicalJson.Same((string?)null, null));
        Assert.False(CanonicalJson.Same(null, "{}"));
        Assert.Equal("{}", Encoding.UTF8.GetString(CanonicalJson.Of("{ }"u8.ToArray())));
    }
}
