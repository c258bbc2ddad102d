namespace HealthExport.Tests.Support;

/// <summary>
/// Tests that can be made as wide as one has time: <c>HEALTHEXPORT_SLOW_TESTS=1</c> asks for the wide form.
/// </summary>
static class SlowTests
{
    static readonly bool s_areWanted = Environment.GetEnvironmentVariable("HEALTHEXPORT_SLOW_TESTS") == "1";

    public static int Count(int usual, int wide) => s_areWanted ? wide : usual;
}
