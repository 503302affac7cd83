using WanSharp.Runtime.Native;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// A compiled graph. Made by <see cref="OrtRuntime.CreateSession(ReadOnlyMemory{byte}, SessionSettings, CancellationToken)"/>.
/// </summary>
/// <remarks>
/// Thread-safe: any number of runs may be under way at once, sharing one thread pool. Disposing it does not wait for them; they end
/// properly.
/// </remarks>
public sealed unsafe class Session : IDisposable
{
    private readonly Dictionary<string, int> _inputIndex;
    private readonly Dictionary<string, int> _outputIndex;
    private readonly nint _allocator;
    private int _uses;
    private int _disposed;

    internal Session(OrtRuntime runtime, nint session, SessionSettings settings, OrtHandle[] weights)
    {
        var api = runtime.Api;
        Runtime = runtime;
        var name = Name = settings.Name;
        _allocator = runtime.DefaultAllocator;
        try
        {
            Memory = runtime.MemoryOf(settings);
            Inputs = GraphSignature.Inputs(api, session, _allocator, name);
            Outputs = GraphSignature.Outputs(api, session, _allocator, name);
            _inputIndex = Index(Inputs);
            _outputIndex = Index(Outputs);
            Names = NativeText.Array([.. Inputs.Select(value => value.Name), .. Outputs.Select(value => value.Name)]);
            Handle = new OrtSessionHandle(api, session, [runtime.Environment, Names, .. weights]) { Turn = Memory.Turn };
        }
        catch
        {
            api.Table->ReleaseSession(session);
            throw;
        }
    }

    /// <summary>The graph's name: <see cref="SessionSettings.Name"/>.</summary>
    public string Name { get; }

    /// <summary>The graph's inputs, in order.</summary>
    public IReadOnlyList<ValueInfo> Inputs { get; }

    /// <summary>The graph's outputs, in order.</summary>
    public IReadOnlyList<ValueInfo> Outputs { get; }

    internal OrtRuntime Runtime { get; }

    /// <summary>Counts its runs and its memory; null if they are not counted.</summary>
    internal GraphCounter? Counter { get; set; }

    /// <summary>
    /// Bytes that it holds, about: its graph with the constants in it, and what the library took when it was made.
    /// </summary>
    internal long Bytes { get; init; }

    /// <summary>Whether there are runs, or others who count on the session.</summary>
    internal bool IsUsed => Volatile.Read(ref _uses) > 0;

    /// <summary>What the session's memory is mapped from, to be let go with it.</summary>
    internal IDisposable? Backing { get; set; }

    /// <summary>Where the session's values are between runs.</summary>
    internal SessionMemory Memory { get; }

    internal OrtSessionHandle Handle { get; }

    /// <summary>The names of the inputs, then of the outputs, marshalled once.</summary>
    internal NativeText Names { get; }

    /// <summary>
    /// A run whose values are set one by one and stay set from run to run: for loops, and for weights that are bound once.
    /// </summary>
    public PreparedRun Prepare() => new(this);

    /// <summary>Runs the graph once.</summary>
    /// <param name="inputs">A value for each of <see cref="Inputs"/>.</param>
    /// <param name="outputs">Memory for some or all of <see cref="Outputs"/>; the library makes the others.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>All outputs.</returns>
    /// <exception cref="ArgumentException">A name is unknown, a value is missing, or its element type or shape is not the declared
    /// one.</exception>
    /// <exception cref="OrtException">The library failed.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public RunResult Run(
        IReadOnlyDictionary<string, RuntimeValue> inputs,
        IReadOnlyDictionary<string, RuntimeValue>? outputs = null,
        CancellationToken cancellationToken = default
    )
    {
        using var run = Prepare();
        foreach (var (name, value) in inputs)
        {
            run.SetInput(name, value);
        }

        foreach (var (name, value) in outputs ?? new Dictionary<string, RuntimeValue>())
        {
            run.SetOutput(name, value);
        }

        return run.Run(cancellationToken);
    }

    /// <summary>Ends the profile of <see cref="SessionSettings.ProfilePathPrefix"/> before the session ends.</summary>
    /// <returns>The file, in Chrome's trace format.</returns>
    /// <exception cref="OrtException">The library failed.</exception>
    internal string EndProfiling()
    {
        using var session = Handle.Hold();
        byte* path;
        Handle.Api.Check(
            Handle.Api.Table->SessionEndProfiling(session.Pointer, _allocator, &path),
            $"ending the profile of graph '{Name}'"
        );
        return Handle.Api.TakeString(_allocator, path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Counter?.Freed(Bytes);
        }

        Handle.Dispose();
        Names.Dispose();
        Backing?.Dispose();
    }

    /// <summary>Counts on the session until the use is disposed.</summary>
    internal SessionUse Use()
    {
        Interlocked.Increment(ref _uses);
        return new SessionUse(this, () => Interlocked.Decrement(ref _uses));
    }

    /// <summary>The position of an input that the given tensor fits.</summary>
    internal int FindInput(string name, DType dtype, Shape shape) => Find(Inputs, _inputIndex, "input", name, dtype, shape);

    /// <summary>The position of an output that the given tensor fits.</summary>
    internal int FindOutput(string name, DType dtype, Shape shape) => Find(Outputs, _outputIndex, "output", name, dtype, shape);

    /// <summary>The position of an input, or behind the inputs of an output.</summary>
    internal int FindPosition(string name) => _inputIndex.TryGetValue(name, out var input) ? input : Inputs.Count + _outputIndex[name];

    private static Dictionary<string, int> Index(IReadOnlyList<ValueInfo> values) =>
        values.Select((value, index) => (value.Name, index)).ToDictionary(pair => pair.Name, pair => pair.index);

    private int Find(IReadOnlyList<ValueInfo> values, Dictionary<string, int> index, string role, string name, DType dtype, Shape shape)
    {
        if (!index.TryGetValue(name, out var position))
        {
            throw new ArgumentException(
                $"Graph '{Name}' has no {role} '{name}'; its {role}s are {string.Join(", ", values.Select(value => value.Name))}.",
                nameof(name)
            );
        }

        var expected = values[position];
        return dtype == expected.DType && expected.Accepts(shape)
            ? position
            : throw new ArgumentException($"Graph '{Name}' declares the {role} {expected} and was given {dtype} {shape}.", nameof(name));
    }
}
