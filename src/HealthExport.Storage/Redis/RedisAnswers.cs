using HealthExport.Caching;
using StackExchange.Redis;

namespace HealthExport.Storage.Redis;

/// <summary>
/// Answers in Redis, each under its person and tag until its life is over; beside them, of each person, which there
/// are. A connection of its own: a large answer on its way must not hold up the limits' counts.
/// </summary>
sealed class RedisAnswers : ISharedAnswers, IAsyncDisposable
{
    const int MostWaiting = 32;

    // Longer than any answer lives, so that none is there that its person's list does not name.
    static readonly TimeSpan s_listLife = TimeSpan.FromHours(1);

    readonly SharedAnswersOptions _options;
    readonly TimeProvider _clock;
    readonly RedisLink _link;
    int _waiting;

    public RedisAnswers(SharedAnswersOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _link = new(
            options.Redis, clock, session => WaitAsync(session.Database.PingAsync(), options.Redis.ConnectTimeout));
    }

    public event Action<string?>? Changed
    {
        add => _link.Changed += value;
        remove => _link.Changed -= value;
    }

    public bool IsThere => _link.Current is not null;

    public Task StartAsync(CancellationToken cancellationToken) => _link.StartAsync(cancellationToken);

    public async ValueTask<byte[]?> FindAsync(Guid person, string tag)
    {
        if (_link.Current is not { } session) return null;
        try
        {
            var asked = session.Database.StringGetAsync(NameOf(person, tag));
            await WaitAsync(asked, _options.Patience);
            return await asked;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _link.End(session, e);
            return null;
        }
    }

    public async ValueTask KeepAsync(Guid person, string tag, byte[] answer, TimeSpan life)
    {
        if (_link.Current is not { } session) return;
        try
        {
            if (Interlocked.Increment(ref _waiting) > MostWaiting) return;
            var now = _clock.GetUtcNow();
            var list = ListOf(person);
            await WaitAsync(
                Task.WhenAll(
                    // Named before it is there.
                    session.Database.SortedSetAddAsync(list, tag, now.ToUnixTimeSeconds()),
                    session.Database.KeyExpireAsync(list, s_listLife),
                    session.Database.StringSetAsync(NameOf(person, tag), answer, life),
                    session.Database.SortedSetRemoveRangeByScoreAsync(
                        list, double.NegativeInfinity, (now - s_listLife).ToUnixTimeSeconds())),
                _options.Redis.AnswerTimeout);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _link.End(session, e);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public async ValueTask<bool> ForgetAsync(Guid person)
    {
        if (_link.Current is not { } session) return false;
        try
        {
            var listed = session.Database.SortedSetRangeByRankAsync(ListOf(person));
            await WaitAsync(listed, _options.Redis.AnswerTimeout);
            RedisKey[] names = [.. (await listed).Select(tag => (RedisKey)NameOf(person, tag!)), ListOf(person)];
            await WaitAsync(session.Database.KeyDeleteAsync(names), _options.Redis.AnswerTimeout);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _link.End(session, e);
            return false;
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    Task WaitAsync(Task task, TimeSpan patience) => task.WaitAsync(patience, _clock);

    string NameOf(Guid person, string tag) => $"{_options.Redis.Prefix}answer:{person:n}:{tag}";

    string ListOf(Guid person) => $"{_options.Redis.Prefix}answers:{person:n}";
}
