namespace WanSharp.Runtime;

/// <summary>Keeps a session of a <see cref="GraphCache"/> alive while it is used. Thread-safe.</summary>
public sealed class SessionUse : IDisposable
{
    private readonly Action _end;
    private int _ended;

    internal SessionUse(Session session, Action end) => (Session, _end) = (session, end);

    /// <summary>The session.</summary>
    public Session Session { get; }

    /// <summary>Ends the use.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            _end();
        }
    }
}
