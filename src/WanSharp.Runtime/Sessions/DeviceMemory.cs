using WanSharp.Graphs;
using WanSharp.Runtime.Native;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// A device's memory. Elements cross the bus through a session of one Identity node, whose input is bound on one side and
/// whose output on the other: that works with every version of the library and every provider.
/// </summary>
internal sealed unsafe class DeviceMemory : SessionMemory
{
    private readonly OrtRuntime _runtime;
    private readonly SessionSettings _settings;
    private readonly Lock _gate = new();
    private readonly Dictionary<(DType DType, int Rank), Session> _copies = [];
    private OrtAllocatorHandle? _allocator;
    private bool _disposed;

    /// <param name="runtime">Compiles the copying graphs.</param>
    /// <param name="settings">The provider and its options.</param>
    /// <param name="name">What the library calls the memory.</param>
    public DeviceMemory(OrtRuntime runtime, SessionSettings settings, string name)
    {
        (_runtime, _settings) = (runtime, settings);
        Turn = ProviderMemory.TurnOf(settings.Provider);
        const int DeviceAllocator = 0;
        const int DefaultMemory = 0;
        using var nativeName = NativeText.Utf8(name);
        nint pointer;
        var device = settings.ProviderOptions.TryGetValue("device_id", out var id) && int.TryParse(id, out var number) ? number : 0;
        runtime.Api.Check(
            runtime.Api.Table->CreateMemoryInfo(nativeName.Text, DeviceAllocator, device, DefaultMemory, &pointer),
            $"naming the memory '{name}' of provider '{settings.Provider}'"
        );
        Location = new OrtMemoryInfoHandle(runtime.Api, pointer);
    }

    /// <summary>Where the memory is.</summary>
    public OrtMemoryInfoHandle Location { get; }

    public override RuntimeValue Place(Tensor tensor, CancellationToken cancellationToken)
    {
        using var run = CopyOf(tensor.DType, tensor.Shape.Rank, cancellationToken).Prepare();
        run.SetInput("x", tensor);
        return run.Run(cancellationToken)["y"]; // the value outlives the result, which has nothing else to release
    }

    public override RuntimeValue Allocate(DType dtype, Shape shape, CancellationToken cancellationToken)
    {
        var doing = $"allocating {dtype} {shape} on the device of provider '{_settings.Provider}'";
        var allocator = Allocator(CopyOf(dtype, shape.Rank, cancellationToken), doing);
        nint value;
        using (var held = allocator.Hold())
        using (OrtHandle.Take(Turn))
            fixed (long* dims = shape.Dims)
            {
                allocator.Api.Check(
                    allocator.Api.Table->CreateTensorAsOrtValue(held.Pointer, dims, (nuint)shape.Rank, dtype.ToOrt(), &value),
                    doing
                );
            }

        return RuntimeValue.Adopt(new OrtValueHandle(allocator.Api, value, allocator) { Turn = Turn }, this, doing);
    }

    /// <summary>A value's elements in host memory; the caller disposes them.</summary>
    public Tensor Download(RuntimeValue value, CancellationToken cancellationToken)
    {
        var tensor = Tensor.Zeros(value.DType, value.Shape);
        try
        {
            using var run = CopyOf(value.DType, value.Shape.Rank, cancellationToken).Prepare();
            run.SetInput("x", value);
            run.SetOutput("y", tensor);
            run.Run(cancellationToken).Dispose();
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _allocator?.Dispose();
            foreach (var copy in _copies.Values)
            {
                copy.Dispose();
            }
        }

        Location.Dispose();
    }

    private OrtAllocatorHandle Allocator(Session session, string doing)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_allocator is null)
            {
                nint pointer;
                using var held = session.Handle.Hold();
                using var turn = OrtHandle.Take(Turn);
                _runtime.Api.Check(_runtime.Api.Table->CreateAllocator(held.Pointer, Location.Pointer, &pointer), doing);
                _allocator = new OrtAllocatorHandle(_runtime.Api, pointer, session.Handle);
            }

            return _allocator;
        }
    }

    private Session CopyOf(DType dtype, int rank, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_copies.TryGetValue((dtype, rank), out var session))
            {
                var graph = new GraphBuilder("copy", new GraphOptions());
                graph.Output("y", graph.Input("x", dtype, [.. Enumerable.Range(0, rank).Select(axis => (Dim)$"d{axis}")]));
                session = _runtime.CreateSession(graph.Build().ToBytes(), _settings, cancellationToken);
                _copies.Add((dtype, rank), session);
            }

            return session;
        }
    }
}
