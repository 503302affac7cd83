using WanSharp.Testing;

namespace WanSharp.Runtime.Tests;

/// <summary>Tests that own native objects: what was made last goes first, and nothing is left.</summary>
public abstract class OwningTests : IAsyncLifetime
{
    private readonly LiveObjects _live = new();
    private readonly Stack<IDisposable> _owned = new();

    protected OwningTests(RuntimeFixture fixture)
    {
        ArgumentNullException.ThrowIfNull(fixture);
        Runtime = fixture.Runtime;
        Graphs = Own(new GraphCache(Runtime));
    }

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected OrtRuntime Runtime { get; }

    protected GraphCache Graphs { get; }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
        {
            owned.Dispose();
        }

        _live.AssertNoneIsLeft();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Push(part);
        return part;
    }
}
