using System.Globalization;
using HealthExport.Tests.Contracts;
using HealthExport.Tests.Support;

namespace HealthExport.Tests.Storage;

public sealed class SqlitePushTransactionTests : PushTransactionContract
{
    protected override async ValueTask<StoreFixture> OpenAsync() => await SqliteFixture.OpenAsync();

    protected override string RefuseInserting(double value) =>
        $"""
        create trigger refuse_value
        before insert on samples
        when new.value = {value.ToString("R", CultureInfo.InvariantCulture)}
        begin
            select raise(abort, 'refused');
        end
        """;
}
