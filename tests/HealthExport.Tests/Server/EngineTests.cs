using HealthExport.Tests.Support;

namespace HealthExport.Tests.Server;

/// <summary>A server on PostgreSQL for the tests of a class.</summary>
public sealed class PostgresServerFixture() : ServerFixture(Engine.Postgres);

public sealed class SqliteMetricSamplesTests(ServerFixture fixture)
    : MetricSamplesTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresMetricSamplesTests(PostgresServerFixture fixture)
    : MetricSamplesTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteMetricSeriesTests(ServerFixture fixture)
    : MetricSeriesTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresMetricSeriesTests(PostgresServerFixture fixture)
    : MetricSeriesTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteMetricsListTests(ServerFixture fixture)
    : MetricsListTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresMetricsListTests(PostgresServerFixture fixture)
    : MetricsListTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteIngestionListTests(ServerFixture fixture)
    : IngestionListTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresIngestionListTests(PostgresServerFixture fixture)
    : IngestionListTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteKeyRoutesTests(ServerFixture fixture)
    : KeyRoutesTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresKeyRoutesTests(PostgresServerFixture fixture)
    : KeyRoutesTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteAnswerTests(ServerFixture fixture) : AnswerTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresAnswerTests(PostgresServerFixture fixture)
    : AnswerTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqlitePeopleTests(ServerFixture fixture) : PeopleTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresPeopleTests(PostgresServerFixture fixture)
    : PeopleTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteDeletionTests(ServerFixture fixture) : DeletionTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresDeletionTests(PostgresServerFixture fixture)
    : DeletionTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteSleepTests(ServerFixture fixture) : SleepTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresSleepTests(PostgresServerFixture fixture)
    : SleepTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteAcrossMetricsTests(ServerFixture fixture)
    : AcrossMetricsTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresAcrossMetricsTests(PostgresServerFixture fixture)
    : AcrossMetricsTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteEventsTests(ServerFixture fixture) : EventsTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresEventsTests(PostgresServerFixture fixture)
    : EventsTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteSummaryTests(ServerFixture fixture) : SummaryTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresSummaryTests(PostgresServerFixture fixture)
    : SummaryTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteVendorTests(ServerFixture fixture) : VendorTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresVendorTests(PostgresServerFixture fixture)
    : VendorTests(fixture), IClassFixture<PostgresServerFixture>;

public sealed class SqliteExportTests(ServerFixture fixture) : ExportTests(fixture), IClassFixture<ServerFixture>;

public sealed class PostgresExportTests(PostgresServerFixture fixture)
    : ExportTests(fixture), IClassFixture<PostgresServerFixture>;
