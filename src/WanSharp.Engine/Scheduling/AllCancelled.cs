namespace WanSharp.Engine.Scheduling;

/// <summary>Clips that are computed together wait together: a token that is cancelled when each of theirs is.</summary>
internal sealed class AllCancelled : IDisposable
{
    private readonly CancellationTokenSource _all = new();
    private readonly List<CancellationTokenRegistration> _each = [];
    private int _left;

    /// <param name="tokens">The tokens; at least one.</param>
    public AllCancelled(IReadOnlyCollection<CancellationToken> tokens)
    {
        _left = tokens.Count;
        _each.AddRange(tokens.Select(token => token.UnsafeRegister(_ => Count(), null)));
    }

    /// <summary>The token.</summary>
    public CancellationToken Token => _all.Token;

    public void Dispose()
    {
        _each.ForEach(one => one.Dispose()); // waits for those that count
        _all.Dispose();
    }

    private void Count()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _all.Cancel();
        }
    }
}
