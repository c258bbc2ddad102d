using System.Net;
using HealthExport.Server.Security;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

public sealed class FailedAuthenticationsTests
{
    static readonly IPAddress s_address = IPAddress.Parse("203.0.113.9");

    readonly FakeClock _clock = new();
    readonly FailedAuthentications _failures;

    public FailedAuthenticationsTests() => _failures = new(_clock);

    [Fact]
    public void An_address_may_fail_sixty_times_and_then_once_a_second()
    {
        Fail(s_address, FailedAuthentications.OfAddress - 1);
        Assert.Equal(TimeSpan.Zero, _failures.FindWait(s_address));
        _failures.Note(s_address);
        Assert.Equal(TimeSpan.FromSeconds(1), _failures.FindWait(s_address));

        _clock.Advance(TimeSpan.FromMilliseconds(400));
        Assert.Equal(TimeSpan.FromMilliseconds(600), _failures.FindWait(s_address));
        _clock.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal(TimeSpan.Zero, _failures.FindWait(s_address));
        _failures.Note(s_address);
        Assert.Equal(TimeSpan.FromSeconds(1), _failures.FindWait(s_address));
    }

    [Fact]
    public void After_a_quiet_minute_an_address_has_all_its_failures_again_and_no_more()
    {
        Fail(s_address, 1_000);
        _clock.Advance(TimeSpan.FromHours(1));
        Fail(s_address, FailedAuthentications.OfAddress - 1);
        Assert.Equal(TimeSpan.Zero, _failures.FindWait(s_address));
        _failures.Note(s_address);
        Assert.NotEqual(TimeSpan.Zero, _failures.FindWait(s_address));
    }

    [Theory]
    [InlineData("203.0.113.9", "203.0.113.10", false)]
    [InlineData("203.0.113.9", "::ffff:203.0.113.9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("203.0.113.9", "::203.0.113.9", false)]
    [InlineData("0.0.0.1", "0:0:0:1::", false)]
    public void An_IPv6_network_of_64_bits_is_one_address(string failing, string other, bool isSame)
    {
        Fail(IPAddress.Parse(failing), FailedAuthentications.OfAddress);
        Assert.Equal(isSame, _failures.FindWait(IPAddress.Parse(other)) > TimeSpan.Zero);
    }

    [Fact]
    public void Those_without_an_address_share_one()
    {
        Fail(null, FailedAuthentications.OfAddress);
        Assert.NotEqual(TimeSpan.Zero, _failures.FindWait(null));
        Assert.Equal(TimeSpan.Zero, _failures.FindWait(s_address));
    }

    [Fact]
    public void However_many_addresses_fail_memory_is_bounded()
    {
        for (var i = 0; i < 3 * FailedAuthentications.MaxAddresses; i++) _failures.Note(Nth(i));
        Assert.Equal(FailedAuthentications.MaxAddresses, _failures.Count);
    }

    [Fact]
    public void A_flood_from_very_many_addresses_holds_up_addresses_that_never_failed()
    {
        for (var i = 0; i < FailedAuthentications.OfAll; i++) _failures.Note(Nth(i));
        Assert.Equal(TimeSpan.FromMilliseconds(10), _failures.FindWait(s_address));
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal(TimeSpan.Zero, _failures.FindWait(s_address));
    }

    void Fail(IPAddress? address, int times)
    {
        for (var i = 0; i < times; i++) _failures.Note(address);
    }

    static IPAddress Nth(int i) => new([10, (byte)(i >> 16), (byte)(i >> 8), (byte)i]);
}
