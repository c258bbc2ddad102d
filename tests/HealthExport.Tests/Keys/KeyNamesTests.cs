using HealthExport.Keys;

namespace HealthExport.Tests.Keys;

public sealed class KeyNamesTests
{
    [Theory]
    [InlineData("ingest", KeyScopes.Ingest)]
    [InlineData("read", KeyScopes.Read)]
    [InlineData("admin", KeyScopes.Admin)]
    [InlineData("ingest,read,admin", KeyScopes.All)]
    [InlineData(" Admin , ingest ", KeyScopes.Ingest | KeyScopes.Admin)]
    [InlineData("read,read", KeyScopes.Read)]
    public void Scopes_are_read_from_their_names(string text, KeyScopes expected)
    {
        Assert.True(KeyScopeNames.TryParse(text, out var scopes));
        Assert.Equal(expected, scopes);
        Assert.True(KeyScopeNames.TryParse(text.Split(','), out var fromArray));
        Assert.Equal(expected, fromArray);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("read,")]
    [InlineData("read;admin")]
    [InlineData("read,write")]
    [InlineData("none")]
    [InlineData("all")]
    [InlineData("1")]
    public void A_name_that_is_no_scope_spoils_the_list(string? text)
    {
        Assert.False(KeyScopeNames.TryParse(text, out var scopes));
        Assert.Equal(KeyScopes.None, scopes);
    }

    [Fact]
    public void A_list_without_a_name_is_refused()
    {
        Assert.False(KeyScopeNames.TryParse(Array.Empty<string>(), out _));
        Assert.False(KeyScopeNames.TryParse((string?[])[null], out _));
    }

    [Fact]
    public void Every_set_of_scopes_is_written_in_one_order_and_read_back()
    {
        for (var scopes = KeyScopes.Ingest; scopes <= KeyScopes.All; scopes++)
        {
            Assert.True(KeyScopeNames.TryParse(scopes.Format(), out var read));
            Assert.Equal(scopes, read);
            Assert.Equal(scopes.Format(), string.Join(',', scopes.ToNames()));
        }

        Assert.Equal("ingest,read,admin", KeyScopes.All.Format());
        Assert.Equal("", KeyScopes.None.Format());
    }

    [Theory]
    [InlineData(KeyScopes.Admin, KeyScopes.Read)]
    [InlineData(KeyScopes.Admin, KeyScopes.Ingest)]
    [InlineData(KeyScopes.Read, KeyScopes.Ingest)]
    [InlineData(KeyScopes.Ingest, KeyScopes.Read)]
    [InlineData(KeyScopes.Read, KeyScopes.Read | KeyScopes.Admin)]
    public void No_scope_includes_another(KeyScopes scopes, KeyScopes required) =>
        Assert.False(scopes.Include(required));

    [Fact]
    public void Scopes_include_themselves_and_their_parts()
    {
        Assert.True(KeyScopes.Read.Include(KeyScopes.Read));
        Assert.True(KeyScopes.All.Include(KeyScopes.Ingest | KeyScopes.Admin));
    }

    [Fact]
    public void Every_limit_profile_is_read_from_the_name_it_is_written_as()
    {
        foreach (var profile in Enum.GetValues<LimitProfile>())
        {
            Assert.True(LimitProfiles.TryParse(LimitProfiles.GetName(profile).ToUpperInvariant(), out var read));
            Assert.Equal(profile, read);
        }

        Assert.Equal(["default", "phone", "strict", "bulk"], LimitProfiles.Names);
        Assert.False(LimitProfiles.TryParse("unlimited", out _));
        Assert.False(LimitProfiles.TryParse(null, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => LimitProfiles.GetName((LimitProfile)4));
    }

    [Fact]
    public void Both_key_formats_have_a_name()
    {
        Assert.True(KeyFormats.TryParse("hx", out var hx));
        Assert.Equal(KeyFormat.Hx, hx);
        Assert.True(KeyFormats.TryParse("UUID", out var uuid));
        Assert.Equal(KeyFormat.Uuid, uuid);
        Assert.False(KeyFormats.TryParse("jwt", out _));
    }
}
