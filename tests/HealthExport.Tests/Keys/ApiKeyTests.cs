using System.Security.Cryptography;
using System.Text;
using HealthExport.Keys;

namespace HealthExport.Tests.Keys;

public sealed class ApiKeyTests
{
    const string Secret = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

    [Fact]
    public void A_minted_hx_key_has_its_form_and_reads_back_as_itself()
    {
        var (id, key) = ApiKey.Mint(KeyFormat.Hx);
        Assert.Matches("^hx_[a-z0-9]{12}_[A-Za-z0-9]{43}$", key.Reveal());
        Assert.StartsWith($"hx_{id}_", key.Reveal());
        Assert.Equal(id, key.PublicId);

        Assert.True(ApiKey.TryParse(key.Reveal(), out var read));
        Assert.Equal(KeyFormat.Hx, read.Format);
        Assert.Equal(id, read.PublicId);
        Assert.Equal(key.LookupHash.ToArray(), read.LookupHash.ToArray());
    }

    [Fact]
    public void A_minted_uuid_key_is_a_random_UUID_whose_id_is_drawn_apart()
    {
        var (id, key) = ApiKey.Mint(KeyFormat.Uuid);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", key.Reveal());
        Assert.Matches("^[a-z0-9]{12}$", id);
        Assert.DoesNotContain(id, key.Reveal().Replace("-", ""));
        Assert.Null(key.PublicId);
    }

    [Theory]
    [InlineData(KeyFormat.Hx)]
    [InlineData(KeyFormat.Uuid)]
    public void A_thousand_minted_keys_are_a_thousand_keys(KeyFormat format)
    {
        MintedKey[] minted = [.. Enumerable.Range(0, 1000).Select(_ => ApiKey.Mint(format))];
        Assert.Equal(1000, minted.DistinctBy(key => key.PublicId).Count());
        Assert.Equal(1000, minted.DistinctBy(key => key.Key.Reveal()).Count());
    }

    [Fact]
    public void The_look_up_hash_is_SHA_256_of_the_whole_key()
    {
        var text = $"hx_abc123_{Secret}";
        Assert.True(ApiKey.TryParse(text, out var key));
        Assert.Equal(SHA256.HashData(Encoding.UTF8.GetBytes(text)), key.LookupHash.ToArray());
    }

    [Fact]
    public void A_uuid_key_is_the_same_key_in_any_case()
    {
        Assert.True(ApiKey.TryParse("6F9619FF-8B86-4D01-B42D-00CF4FC964FF", out var upper));
        Assert.True(ApiKey.TryParse("6f9619ff-8b86-4d01-b42d-00cf4fc964ff", out var lower));
        Assert.Equal(lower.LookupHash.ToArray(), upper.LookupHash.ToArray());
        Assert.Equal("6f9619ff-8b86-4d01-b42d-00cf4fc964ff", upper.Reveal());
        Assert.True(upper.Matches(lower.ComputeHash()));
    }

    [Fact]
    public void An_hx_key_in_another_case_is_another_key()
    {
        Assert.True(ApiKey.TryParse($"hx_abc_{Secret}", out var key));
        Assert.True(ApiKey.TryParse($"hx_abc_{Secret.ToLowerInvariant()}", out var other));
        Assert.NotEqual(key.LookupHash.ToArray(), other.LookupHash.ToArray());
    }

    [Fact]
    public void A_secret_may_hold_underscores_and_hyphens()
    {
        Assert.True(ApiKey.TryParse("hx_abc_0123456789_-_-0123456789AB", out var key));
        Assert.Equal("abc", key.PublicId);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("hx_")]
    [InlineData("hx__" + Secret)]
    [InlineData("hx_abc")]
    [InlineData("hx_abc_")]
    [InlineData("hx_abc_0123456789abcdefghijk")]
    [InlineData("HX_abc_" + Secret)]
    [InlineData("sk-abc_" + Secret)]
    [InlineData(" hx_abc_" + Secret)]
    [InlineData("hx_abc_" + Secret + " ")]
    [InlineData("hx_abc_" + Secret + "\n")]
    [InlineData("hx_a-c_" + Secret)]
    [InlineData("hx_äbc_" + Secret)]
    [InlineData("hx_abc_" + Secret + "/")]
    [InlineData("hx_abc_" + Secret + "ä")]
    [InlineData("hx_0123456789abcdefghijklmnopqrstuvw_" + Secret)]
    [InlineData("hx_abc_" + Secret + Secret + Secret)]
    [InlineData("6f9619ff8b864d01b42d00cf4fc964ff")]
    [InlineData("{6f9619ff-8b86-4d01-b42d-00cf4fc964ff}")]
    [InlineData(" 6f9619ff-8b86-4d01-b42d-00cf4fc964ff")]
    [InlineData("+f9619ff-8b86-4d01-b42d-00cf4fc964ff")]
    [InlineData("6f9619ff-8b86-1d01-b42d-00cf4fc964ff")]
    [InlineData("6f9619ff-8b86-4d01-c42d-00cf4fc964ff")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public void Anything_else_is_no_key(string? text)
    {
        Assert.False(ApiKey.TryParse(text, out var key));
        Assert.Null(key);
    }

    [Theory]
    [InlineData(KeyFormat.Hx)]
    [InlineData(KeyFormat.Uuid)]
    public void A_key_never_prints_its_secret(KeyFormat format)
    {
        var minted = ApiKey.Mint(format);
        var secret = minted.Key.Reveal().Split('_')[^1];
        Assert.DoesNotContain(secret, $"{minted.Key} {minted}");
        Assert.Equal(format == KeyFormat.Hx ? $"hx_{minted.PublicId}_…" : "uuid key", minted.Key.ToString());
    }

    [Theory]
    [InlineData(KeyFormat.Hx)]
    [InlineData(KeyFormat.Uuid)]
    public void A_key_matches_its_own_hash_and_no_other(KeyFormat format)
    {
        var (_, key) = ApiKey.Mint(format);
        var hash = key.ComputeHash();
        Assert.StartsWith("$argon2id$v=19$m=19456,t=2,p=1$", hash);
        Assert.True(key.Matches(hash));
        Assert.False(ApiKey.Mint(format).Key.Matches(hash));
    }
}
