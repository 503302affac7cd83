using System.Diagnostics;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Native;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// Runs a session with values that stay set from run to run: bind a block's weights once, then swap the activations. Names are
/// checked when a value is set, not when the graph runs.
/// </summary>
/// <remarks>
/// On a device, values that are already there cost nothing; an input in host memory is copied to the device in every run, and an
/// output that is not set stays on the device. For one thread at a time; several prepared runs of one session may run at once.
/// </remarks>
public sealed unsafe class PreparedRun : IDisposable, IStoppableRun
{
    private readonly Session _session;
    private readonly SessionUse _use;
    private readonly OrtApi _api;
    private readonly OrtRunOptionsHandle _options;
    private readonly DeviceBinding? _binding;
    private readonly RuntimeValue?[] _values; // the inputs, then the outputs
    private readonly RuntimeValue?[] _lent; // those among them that were made here, from tensors
    private readonly nint[] _pointers;
    private MemoryLimitException? _shortage; // why the run under way was stopped

    internal PreparedRun(Session session)
    {
        _session = session;
        _api = session.Handle.Api;
        nint options;
        _api.Check(_api.Table->CreateRunOptions(&options), $"preparing a run of graph '{session.Name}'");
        _options = new OrtRunOptionsHandle(_api, options);
        _use = session.Use();
        _binding = session.Memory is DeviceMemory device ? new DeviceBinding(session, device) : null;
        var count = session.Inputs.Count + session.Outputs.Count;
        (_values, _lent, _pointers) = (new RuntimeValue?[count], new RuntimeValue?[count], new nint[count]);
    }

    /// <summary>
    /// Which of a network's blocks the weights are of, for those who measure; null for a graph that is not run block by block.
    /// </summary>
    internal int? Block { get; set; }

    /// <summary>Sets an input until it is set again. The value stays the caller's, and must live as long as it is set.</summary>
    /// <exception cref="ArgumentException">The graph has no such input, or declares another element type or shape.</exception>
    public void SetInput(string name, RuntimeValue value) => Set(_session.FindInput(name, value.DType, value.Shape), value, lent: null);

    /// <summary>Sets an input to a tensor's memory, without a copy, until it is set again.</summary>
    /// <inheritdoc cref="SetInput(string, RuntimeValue)"/>
    public void SetInput(string name, Tensor tensor) => Lend(_session.FindInput(name, tensor.DType, tensor.Shape), tensor);

    /// <summary>Sets an input to a value that is disposed with this run, or when the input is set again.</summary>
    internal void GiveInput(string name, RuntimeValue value) => Set(_session.FindInput(name, value.DType, value.Shape), value, value);

    /// <summary>Has an output written into a value's memory, until it is set again. The value stays the caller's.</summary>
    /// <exception cref="ArgumentException">The graph has no such output, declares another element type or shape, or the memory is
    /// read-only.</exception>
    public void SetOutput(string name, RuntimeValue value)
    {
        if (!value.IsOnDevice)
        {
            RequireWritable(name, value.AsTensor());
        }

        Set(OutputPosition(name, value.DType, value.Shape), value, lent: null);
    }

    /// <summary>Has an output written into a tensor's memory, without a copy, until it is set again.</summary>
    /// <inheritdoc cref="SetOutput(string, RuntimeValue)"/>
    public void SetOutput(string name, Tensor tensor)
    {
        RequireWritable(name, tensor);
        Lend(OutputPosition(name, tensor.DType, tensor.Shape), tensor);
    }

    /// <summary>Sets an input to a tensor's memory until the result is disposed, which gives the input its value back.</summary>
    internal IDisposable Replace(string name, Tensor tensor)
    {
        var position = _session.FindInput(name, tensor.DType, tensor.Shape);
        var before = new Replaced(this, position, _values[position], _lent[position]);
        _lent[position] = null; // kept for later
        Lend(position, tensor);
        return before;
    }

    /// <summary>Forgets the value of an input or an output, so that its memory can go.</summary>
    internal void Unset(string name) => Set(_session.FindPosition(name), null, lent: null);

    /// <summary>Runs the graph with the values that are set; the library makes the outputs that are not.</summary>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    /// <returns>All outputs.</returns>
    /// <exception cref="InvalidOperationException">An input is not set.</exception>
    /// <exception cref="ObjectDisposedException">The session, or a value that is set, is disposed.</exception>
    /// <exception cref="OrtException">The library failed.</exception>
    /// <exception cref="MemoryLimitException">The run exceeded the memory limit; it can be repeated.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled; it can be repeated.</exception>
    public RunResult Run(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var session = _session.Handle.Hold();
        using var options = _options.Hold();
        var held = 0;
        nint status;
        try
        {
            for (; held < _values.Length; held++)
            {
                _pointers[held] = HoldValue(held);
            }

            using var span = _session.Counter?.StartRun(Block);
            var started = Stopwatch.GetTimestamp();
            status = Invoke(session.Pointer, options.Pointer, cancellationToken);
            _session.Counter?.Ran(Block, Stopwatch.GetElapsedTime(started));
        }
        finally
        {
            while (held-- > 0)
            {
                _values[held]?.Handle.DangerousRelease();
            }
        }

        var shortage = Interlocked.Exchange(ref _shortage, null);
        if (status == 0)
        {
            return Collect(); // a shortage at the last node was one of memory that is free again
        }

        var failure = _api.ToException(status, $"running graph '{_session.Name}'");
        cancellationToken.ThrowIfCancellationRequested();
        throw shortage ?? (Exception)failure;
    }

    /// <inheritdoc/>
    void IStoppableRun.Stop(MemoryLimitException shortage)
    {
        Interlocked.CompareExchange(ref _shortage, shortage, null);
        _ = _api.Table->RunOptionsSetTerminate(_options.Pointer); // called by the library itself: nothing may be thrown
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _use.Dispose();
        _options.Dispose();
        _binding?.Dispose();
        foreach (var value in _lent)
        {
            value?.Dispose();
        }
    }

    private static void RequireWritable(string name, Tensor tensor)
    {
        if (tensor.IsReadOnly)
        {
            throw new ArgumentException($"The memory for output '{name}' {tensor.Shape} can only be read.", nameof(tensor));
        }
    }

    private int OutputPosition(string name, DType dtype, Shape shape) => _session.Inputs.Count + _session.FindOutput(name, dtype, shape);

    private void Lend(int position, Tensor tensor)
    {
        var value = _session.Runtime.Borrow(tensor);
        Set(position, value, value);
    }

    private void Set(int position, RuntimeValue? value, RuntimeValue? lent)
    {
        _lent[position]?.Dispose();
        (_values[position], _lent[position]) = (value, lent);
    }

    /// <summary>Keeps a value alive through the run; 0 for an output that the library is to make.</summary>
    private nint HoldValue(int position)
    {
        if (_values[position] is not { } value)
        {
            return position >= _session.Inputs.Count
                ? 0
                : throw new InvalidOperationException($"Graph '{_session.Name}' has no value for its input {_session.Inputs[position]}.");
        }

        var added = false;
        value.Handle.DangerousAddRef(ref added);
        return value.Handle.Pointer;
    }

    private nint Invoke(nint session, nint options, CancellationToken cancellationToken)
    {
        var (inputs, outputs) = (_session.Inputs.Count, _session.Outputs.Count);
        nint status;
        using (cancellationToken.UnsafeRegister(static state => ((PreparedRun)state!).Terminate(), this))
        using (_session.Runtime.Memory.Enter(this))
            fixed (nint* pointers = _pointers)
            {
                var names = _session.Names.Texts;
                status = _binding is null
                    ? _api.Table->Run(session, options, names, pointers, (nuint)inputs, names + inputs, (nuint)outputs, pointers + inputs)
                    : _binding.Run(session, options, names, pointers);
            }

        // No callback runs any more: the registration's end waited for it. An order that came too late must not end the next run.
        if (cancellationToken.IsCancellationRequested || _shortage is not null)
        {
            _api.Check(_api.Table->RunOptionsUnsetTerminate(options), "preparing the next run");
        }

        return status;
    }

    private void Terminate() =>
        _api.Check(_api.Table->RunOptionsSetTerminate(_options.Pointer), $"cancelling a run of graph '{_session.Name}'");

    private RunResult Collect()
    {
        var values = new Dictionary<string, RuntimeValue>(_session.Outputs.Count);
        var made = new List<RuntimeValue>();
        for (var i = 0; i < _session.Outputs.Count; i++)
        {
            var position = _session.Inputs.Count + i;
            var value = _values[position];
            if (value is null)
            {
                var doing = $"reading output '{_session.Outputs[i].Name}' of graph '{_session.Name}'";
                value = _binding is null
                    ? RuntimeValue.Adopt(_api, _pointers[position], doing)
                    : RuntimeValue.Adopt(
                        new OrtValueHandle(_api, _pointers[position], _session.Handle) { Turn = _binding.Device.Turn },
                        _binding.Device,
                        doing
                    );
                made.Add(value);
            }

            values.Add(_session.Outputs[i].Name, value);
        }

        return new RunResult(values, made);
    }

    /// <summary>What an input had before it was replaced.</summary>
    private sealed class Replaced(PreparedRun run, int position, RuntimeValue? value, RuntimeValue? lent) : IDisposable
    {
        public void Dispose() => run.Set(position, value, lent);
    }
}
