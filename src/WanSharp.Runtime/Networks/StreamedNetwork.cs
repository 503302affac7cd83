using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Memory;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Networks;

/// <summary>
/// A network that takes a sequence piece by piece: one graph for the first step, another for every later one, which takes
/// the caches that the step before left: every input but the sequence's own, by its name and <see cref="WanVae.NextSuffix"/>.
/// </summary>
/// <remarks>Thread-safe: sequences under way at the same time share the two sessions, which are compiled when first needed.</remarks>
/// <param name="first">Writes the first step's graph.</param>
/// <param name="next">Writes the later steps' graph.</param>
/// <param name="compile">Compiles a graph with its weights.</param>
/// <param name="giveBack">Gives back memory for a step that was short of it, which is then taken once more; null: it fails.</param>
internal sealed class StreamedNetwork(
    Func<OnnxGraph> first,
    Func<OnnxGraph> next,
    Func<OnnxGraph, CancellationToken, Task<Session>> compile,
    Action<MemoryLimitException>? giveBack = null
) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Func<OnnxGraph>[] _graphs = [first, next];
    private readonly Session?[] _sessions = new Session?[2];
    private bool _disposed;

    /// <summary>Runs a sequence; each step happens when its output is asked for.</summary>
    /// <param name="input">The name of the input that takes a piece.</param>
    /// <param name="pieces">The sequence; a piece is not needed after its step.</param>
    /// <param name="output">The name of the output that is wanted.</param>
    /// <param name="shapeOf">The shape of the output of a piece.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <returns>The outputs, owned by the caller.</returns>
    public IEnumerable<Tensor> Run(
        string input,
        IEnumerable<Tensor> pieces,
        string output,
        Func<Tensor, bool, Shape> shapeOf,
        CancellationToken cancellationToken
    )
    {
        RunResult? caches = null;
        try
        {
            foreach (var piece in pieces)
            {
                var isFirst = caches is null;
                var result = Tensor.Zeros(DType.F32, shapeOf(piece, isFirst));
                try
                {
                    var left = Step(Session(isFirst ? 0 : 1, cancellationToken), caches);
                    caches?.Dispose();
                    caches = left;
                }
                catch
                {
                    result.Dispose();
                    throw;
                }

                yield return result;

                RunResult Step(Session session, RunResult? history)
                {
                    using var run = session.Prepare();
                    run.SetInput(input, piece);
                    run.SetOutput(output, result);
                    foreach (var cache in session.Inputs.Where(value => value.Name != input))
                    {
                        run.SetInput(cache.Name, history![cache.Name + WanVae.NextSuffix]);
                    }

                    try
                    {
                        return run.Run(cancellationToken);
                    }
                    catch (MemoryLimitException shortage) when (giveBack is not null)
                    {
                        giveBack(shortage); // the caches of the step before are as they were
                        return run.Run(cancellationToken);
                    }
                }
            }
        }
        finally
        {
            caches?.Dispose();
        }
    }

    /// <summary>Compiles what is not compiled yet of what a sequence needs.</summary>
    public async Task CompileAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(0, cancellationToken).ConfigureAwait(false);
        await OpenAsync(1, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Frees what is compiled; it is compiled again when it is needed. No sequence may be under way.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        Free(forGood: false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
#pragma warning disable RS0030 // Dispose cannot await, and what is being compiled must be there to be freed
        _turn.Wait();
#pragma warning restore RS0030
        Free(forGood: true);
    }

    /// <summary>Frees the sessions, and gives back the turn that the caller has.</summary>
    private void Free(bool forGood)
    {
        try
        {
            _disposed |= forGood;
            foreach (var session in _sessions)
            {
                session?.Dispose();
            }

            Array.Clear(_sessions);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The compiled graph of the first step (0) or of the later ones (1).</summary>
    private Session Session(int step, CancellationToken cancellationToken) =>
#pragma warning disable VSTHRD002 // a step computes on its caller's thread, and so does what it has to compile; CompileAsync does not
        Volatile.Read(ref _sessions[step]) ?? OpenAsync(step, cancellationToken).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    private async Task<Session> OpenAsync(int step, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _sessions[step] ??= await compile(_graphs[step](), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
