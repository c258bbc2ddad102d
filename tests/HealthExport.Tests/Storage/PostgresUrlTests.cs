using HealthExport.Storage.Postgres;
using Npgsql;

namespace HealthExport.Tests.Storage;

public sealed class PostgresUrlTests
{
    [Fact]
    public void Every_part_is_read_and_decoded()
    {
        var parsed = PostgresUrl.Parse(
            "postgresql://me%40home:p%3Aa%2Fs%3Fs%40%25@db.example.org:6432/my%20health"
            + "?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&application_name=a&connect_timeout=7");

        Assert.Equal(("me@home", "p:a/s?s@%"), (parsed.Username, parsed.Password));
        Assert.Equal(("db.example.org", 6432, "my health"), (parsed.Host, parsed.Port, parsed.Database));
        Assert.Equal((SslMode.VerifyFull, "/etc/ca.pem"), (parsed.SslMode, parsed.RootCertificate));
        Assert.Equal(("a", 7), (parsed.ApplicationName, parsed.Timeout));
        Assert.False(parsed.IncludeErrorDetail);
    }

    [Theory]
    [InlineData("postgres://u@h/d", "h", 5432)]
    [InlineData("PostgreSQL://u@h/d", "h", 5432)]
    [InlineData("postgresql:///d", "localhost", 5432)]
    [InlineData("postgresql://u@[2001:db8::1]:7000/d", "2001:db8::1", 7000)]
    [InlineData("postgresql://u@%2Fvar%2Frun%2Fpostgresql/d", "/var/run/postgresql", 5432)]
    [InlineData("postgresql:///d?host=/var/run/postgresql&port=5433", "/var/run/postgresql", 5433)]
    public void A_server_is_named_in_many_ways(string url, string host, int port)
    {
        var parsed = PostgresUrl.Parse(url);

        Assert.Equal((host, port, "d"), (parsed.Host, parsed.Port, parsed.Database));
    }

    [Fact]
    public void User_and_password_may_come_as_options()
    {
        var parsed = PostgresUrl.Parse("postgresql://h/?dbname=d&user=u&password=p%26q");

        Assert.Equal(("u", "p&q", "d"), (parsed.Username, parsed.Password, parsed.Database));
    }

    [Theory]
    [InlineData("mysql://u:hunter2@h/d", "postgresql://")]
    [InlineData("postgresql://u:hunter2@h", "database")]
    [InlineData("postgresql://u:hunter2@h/", "database")]
    [InlineData("postgresql://u:hunter2@h:x/d", "port")]
    [InlineData("postgresql://u:hunter2@h:99999/d", "port")]
    [InlineData("postgresql://u:hunter2@a,b/d", "hosts")]
    [InlineData("postgresql://u:hunter2@[::1/d", "[")]
    [InlineData("postgresql://u@h/d?password=hunter2&sslmode=maybe", "sslmode")]
    [InlineData("postgresql://u:hunter2@h/d?pool_size=5", "\"pool_size\"")]
    [InlineData("postgresql://u:p?hunter2@h/d", "port")]
    [InlineData("postgresql://u@h/d?hunter2", "without a value")]
    [InlineData("postgresql://u@h/d?Hunter2%21=1", "of another name")]
    public void What_cannot_be_read_is_refused_by_name_and_without_the_password(string url, string named)
    {
        var error = Assert.Throws<ArgumentException>(() => PostgresUrl.Parse(url));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.OrdinalIgnoreCase);
    }
}
