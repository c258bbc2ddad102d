namespace HealthExport.Server.Limits;

/// <summary>
/// How many of something may be under way at once, in all and of one who asks. One too many waits until a place is
/// free, or in vain. Safe from any thread.
/// </summary>
/// <param name="all">How many in all.</param>
/// <param name="ofOne">How many of one.</param>
/// <param name="patience">How long one waits.</param>
sealed class Places(int all, int ofOne, TimeSpan patience, TimeProvider clock) : IDisposable
{
    readonly SemaphoreSlim _places = new(all);

    // Under itself. Only those of whom there is something.
    readonly Dictionary<string, Own> _own = [];

    /// <summary>How many have a place.</summary>
    public int TakenCount => all - _places.CurrentCount;

    /// <summary>How many wait for one.</summary>
    public int WaitingCount
    {
        get
        {
            lock (_own) return _own.Values.Sum(own => own.Count) - TakenCount;
        }
    }

    public void Dispose() => _places.Dispose();

    /// <summary>Takes a place, to be given back by <see cref="Exit"/>.</summary>
    /// <param name="who">The one who asks.</param>
    /// <returns>False when none became free in time.</returns>
    /// <exception cref="OperationCanceledException">Whoever asked has left.</exception>
    public async ValueTask<bool> EnterAsync(string who, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        var own = Find(who);
        try
        {
            // One's own first, so that those of one who wait hold no place that others need.
            await own.Places.WaitAsync(either.Token);
            try
            {
                await _places.WaitAsync(either.Token);
                return true;
            }
            catch
            {
                own.Places.Release();
                throw;
            }
        }
        catch (OperationCanceledException)
        {
            Leave(who, own);
            aborted.ThrowIfCancellationRequested();
            return false;
        }
    }

    public void Exit(string who)
    {
        _places.Release();
        lock (_own)
        {
            var own = _own[who];
            own.Places.Release();
            Leave(who, own);
        }
    }

    Own Find(string who)
    {
        lock (_own)
        {
            if (!_own.TryGetValue(who, out var found)) _own[who] = found = new(ofOne);
            found.Count++;
            return found;
        }
    }

    void Leave(string who, Own own)
    {
        lock (_own)
            if (--own.Count == 0) _own.Remove(who);
    }

    sealed class Own(int places)
    {
        public SemaphoreSlim Places { get; } = new(places);

        /// <summary>Those that have a place and those that wait for one.</summary>
        public int Count { get; set; }
    }
}
