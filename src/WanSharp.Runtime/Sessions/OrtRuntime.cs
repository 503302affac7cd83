using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using WanSharp.Graphs;
using WanSharp.Runtime.Memory;
using WanSharp.Runtime.Native;
using WanSharp.Runtime.Providers;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>ONNX Runtime: one loaded library, its environment, and the thread pool and memory that all sessions share.</summary>
/// <remarks>
/// Thread-safe. The library has one environment per process: a second runtime on the same file shares the threads and the log of
/// the first. Sessions and values keep working after the runtime is disposed, until they are disposed too.
/// </remarks>
public sealed unsafe class OrtRuntime : IDisposable
{
    private readonly RuntimeOptions _options;
    private readonly OrtLogSink _log;
    private readonly OrtMemoryInfoHandle _host;
    private readonly ConcurrentDictionary<string, Lazy<SessionMemory>> _memories = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<(GraphOptions Options, string? Problem)>> _graphs = new(StringComparer.Ordinal);

    private OrtRuntime(OrtApi api, RuntimeOptions options)
    {
        Api = api;
        _options = options;
        _log = new OrtLogSink(options.Log ?? (static _ => { }));
        Environment = CreateEnvironment();
        Memory = RuntimeMemory.Of(api);
        _host = ShareMemory();
        nint allocator;
        api.Check(api.Table->GetAllocatorWithDefaultOptions(&allocator), "taking the default allocator");
        DefaultAllocator = allocator;
        AvailableProviders = ReadProviders();
    }

    /// <summary>The library's version, such as "1.31.1".</summary>
    public string Version => Api.LibraryVersion;

    /// <summary>Threads of the pool that all sessions share; 0 if the library chose, one per physical core.</summary>
    public int Threads => _options.Threads;

    /// <summary>The library's file.</summary>
    public string LibraryPath => Api.LibraryPath;

    /// <summary>
    /// The execution providers that the library has and whose files are next to it, by the names that
    /// <see cref="SessionSettings.Provider"/> takes, fastest first. A device for them may still be missing.
    /// </summary>
    public IReadOnlyList<string> AvailableProviders { get; }

    /// <summary>
    /// Whether a provider that computes on any GPU has a real one, not a software device. Null if the library cannot tell because it
    /// is older than 1.22.
    /// </summary>
    /// <exception cref="OrtException">The library failed.</exception>
    public bool? HasGpu()
    {
        const int Gpu = 1;
        if (!Api.KnowsDevices)
        {
            return null;
        }

        using var environment = Environment.Hold();
        nint* devices; // the environment's
        nuint count;
        Api.Check(Api.Table->GetEpDevices(environment.Pointer, &devices, &count), "listing devices");
        for (nuint i = 0; i < count; i++)
        {
            var name = Marshal.PtrToStringUTF8((nint)Api.Table->EpDeviceEpName(devices[i])) ?? "";
            if (
                ProviderProfiles.Of(name).Needs == ProviderNeeds.Gpu
                && Api.Table->HardwareDeviceType(Api.Table->EpDeviceDevice(devices[i])) == Gpu
            )
            {
                return true;
            }
        }

        return false;
    }

    internal OrtApi Api { get; }

    /// <summary>The host memory that sessions take; the same for all runtimes of one library.</summary>
    public RuntimeMemory Memory { get; }

    internal OrtEnvironmentHandle Environment { get; }

    /// <summary>The allocator of strings that the library returns; never released.</summary>
    internal nint DefaultAllocator { get; }

    /// <summary>Loads the library and makes its environment.</summary>
    /// <exception cref="OrtLibraryException">There is no library, or it cannot be used.</exception>
    /// <exception cref="OrtException">The library failed.</exception>
    public static OrtRuntime Create(RuntimeOptions? options = null)
    {
        options ??= new RuntimeOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, 1024, nameof(options));
        return new OrtRuntime(OrtApi.Load(OrtLibrary.Find(options.LibraryPath)), options);
    }

    /// <summary>A value over the memory of a tensor, without a copy.</summary>
    /// <exception cref="ObjectDisposedException">The tensor is disposed.</exception>
    public RuntimeValue Borrow(Tensor tensor) => RuntimeValue.Borrow(_host, tensor);

    /// <summary>A value over a tensor, which is disposed with it.</summary>
    internal RuntimeValue Own(Tensor tensor) => RuntimeValue.Borrow(_host, tensor, owns: true);

    /// <summary>Where sessions of these settings keep their values: one memory for a provider and its options.</summary>
    internal SessionMemory MemoryOf(SessionSettings settings) =>
        Once(_memories, settings.ProviderKey, () => ProviderMemory.Open(this, settings.ForProvider("copy")));

    /// <summary>How networks are written for the provider of these settings, in the type that they compute in.</summary>
    /// <exception cref="InvalidRequestException">It computes wrong in that type, however they are written.</exception>
    internal GraphOptions GraphOptionsFor(SessionSettings settings)
    {
        var (options, problem) = GraphsFor(settings);
        return problem is null
            ? options
            : throw new InvalidRequestException(
                "provider",
                $"The provider {ProviderProfiles.Of(settings.Provider).ShortName} cannot compute a block of the transformer in "
                    + $"{Precision.Of(settings.Compute, Quantization.None)} on this device: {problem}. Use another provider, driver or "
                    + "--precision."
            );
    }

    /// <summary>What is wrong with a device's numbers in <see cref="SessionSettings.Compute"/>: a clause; null for nothing.</summary>
    internal string? FindProblem(SessionSettings settings) => GraphsFor(settings).Problem;

    private (GraphOptions Options, string? Problem) GraphsFor(SessionSettings settings) =>
        Once(_graphs, $"{settings.Compute} {settings.ProviderKey}", () => Trials.GraphsFor(settings.ForProvider("trial")));

    /// <summary>What is made once; a failure is not kept, so that what failed for a moment is tried again.</summary>
    private static T Once<T>(ConcurrentDictionary<string, Lazy<T>> kept, string key, Func<T> make)
    {
        var one = kept.GetOrAdd(key, _ => new Lazy<T>(make));
        try
        {
            return one.Value;
        }
        catch
        {
            kept.TryRemove(KeyValuePair.Create(key, one));
            throw;
        }
    }

    /// <summary>
    /// What came of the first use of a provider on this machine, if that is remembered; null if not, and for the processor.
    /// </summary>
    /// <param name="settings">The provider, its options, and the type that networks compute in.</param>
    public ProviderTrial? FindTrial(SessionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.IsOnHost ? null : Trials.Find(settings);
    }

    private ProviderTrials Trials => new(this, _options.Trials);

    /// <summary>Compiles a graph from the bytes of an ONNX model, which are not needed afterwards.</summary>
    /// <exception cref="ArgumentException">The provider is not available, or does not take the options.</exception>
    /// <exception cref="OrtException">The model is not valid, or a file that it names is missing.</exception>
    /// <exception cref="OperationCanceledException">The creation was cancelled (while the library compiles: from ONNX Runtime 1.22
    /// on).</exception>
    public Session CreateSession(ReadOnlyMemory<byte> model, SessionSettings settings, CancellationToken cancellationToken = default) =>
        CreateSession(model, settings, new Dictionary<string, Tensor>(), cancellationToken);

    /// <summary>
    /// Compiles a graph from the bytes of an ONNX model whose initializers with external data get their data from tensors, not
    /// files.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">How it is compiled.</param>
    /// <param name="initializers">A tensor for each such initializer. The library may use them where they are: the session keeps
    /// their memory alive.</param>
    /// <param name="cancellationToken">Cancels the creation.</param>
    /// <inheritdoc cref="CreateSession(ReadOnlyMemory{byte}, SessionSettings, CancellationToken)"/>
    public Session CreateSession(
        ReadOnlyMemory<byte> model,
        SessionSettings settings,
        IReadOnlyDictionary<string, Tensor> initializers,
        CancellationToken cancellationToken = default
    ) =>
        CreateSession(
            settings,
            initializers,
            model.Length,
            (environment, options) =>
            {
                nint session;
                nint status;
                fixed (byte* bytes = model.Span)
                {
                    status = Api.Table->CreateSessionFromArray(environment, bytes, (nuint)model.Length, options, &session);
                }

                return (status, session);
            },
            cancellationToken
        );

    /// <summary>Compiles a graph from an ONNX file; the files of its external data are looked for next to it.</summary>
    /// <inheritdoc cref="CreateSession(ReadOnlyMemory{byte}, SessionSettings, CancellationToken)"/>
    public Session CreateSession(string path, SessionSettings settings, CancellationToken cancellationToken = default) =>
        CreateSession(
            settings,
            new Dictionary<string, Tensor>(),
            File.Exists(path) ? FileFacts.Of(path).Length : 0,
            (environment, options) =>
            {
                using var nativePath = NativeText.Path(path);
                nint session;
                var status = Api.Table->CreateSession(environment, nativePath.Text, options, &session);
                return (status, session);
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var memory in _memories.Values.Where(memory => memory.IsValueCreated))
        {
            memory.Value.Dispose();
        }

        _host.Dispose();
        Environment.Dispose();
        _log.Dispose();
    }

    private Session CreateSession(
        SessionSettings settings,
        IReadOnlyDictionary<string, Tensor> initializers,
        long modelBytes,
        Func<nint, nint, (nint Status, nint Session)> create,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        RequireProvider(settings.Provider);
        using var environment = Environment.Hold();
        using var turn = OrtHandle.Take(ProviderMemory.TurnOf(settings.Provider));
        using var options = SessionOptionsFactory.Create(Api, settings, _options);
        RuntimeValue[] lent = [];
        try
        {
            lent = Lend(initializers, options, $"giving graph '{settings.Name}' its weights");
            using var cancellation = Api.CanCancelLoading
                ? cancellationToken.UnsafeRegister(static state => CancelLoading((OrtSessionOptionsHandle)state!), options)
                : default;
            var held = RuntimeMemory.HeldByThread;
            var (status, session) = create(environment.Pointer, options.Pointer);
            if (status == 0)
            {
                return new Session(this, session, settings, [.. lent.Select(value => value.Handle)])
                {
                    Bytes = modelBytes + RuntimeMemory.HeldByThread - held,
                };
            }

            var failure = Api.ToException(status, $"compiling graph '{settings.Name}' for provider '{settings.Provider}'");
            cancellationToken.ThrowIfCancellationRequested();
            throw failure;
        }
        finally
        {
            foreach (var value in lent)
            {
                value.Dispose(); // the session has its own references
            }
        }
    }

    private RuntimeValue[] Lend(IReadOnlyDictionary<string, Tensor> initializers, OrtSessionOptionsHandle options, string doing)
    {
        RuntimeValue[] values = [.. initializers.Values.Select(Borrow)];
        if (values.Length > 0)
        {
            using var names = NativeText.Array([.. initializers.Keys]);
            fixed (nint* pointers = values.Select(value => value.Handle.Pointer).ToArray())
            {
                Api.Check(Api.Table->AddExternalInitializers(options.Pointer, names.Texts, pointers, (nuint)values.Length), doing);
            }
        }

        return values;
    }

    private static void CancelLoading(OrtSessionOptionsHandle options) =>
        options.Api.Check(options.Api.Table->SetLoadCancellationFlag(options.Pointer, 1), "cancelling the creation of a session");

    private void RequireProvider(string provider)
    {
        if (!AvailableProviders.Contains(ProviderProfiles.Normalize(provider)))
        {
            throw new ArgumentException(
                $"ONNX Runtime {Version} ('{LibraryPath}') has no provider '{provider}'; it has {string.Join(", ", AvailableProviders)}. "
                    + "Name a build of the library that has it (WAN_ONNXRUNTIME).",
                nameof(provider)
            );
        }
    }

    private OrtEnvironmentHandle CreateEnvironment()
    {
        const string Doing = "making the environment";
        nint pointer;
        Api.Check(Api.Table->CreateThreadingOptions(&pointer), Doing);
        using var threading = new OrtThreadingOptionsHandle(Api, pointer);
        Api.Check(Api.Table->SetGlobalIntraOpNumThreads(threading.Pointer, _options.Threads), Doing);
        Api.Check(Api.Table->SetGlobalInterOpNumThreads(threading.Pointer, 1), Doing); // nodes run one after another
        Api.Check(Api.Table->SetGlobalSpinControl(threading.Pointer, 0), Doing); // idle threads sleep: others need the cores
        using var name = NativeText.Utf8("wan");
        lock (OrtEnvironmentHandle.Gate)
        {
            Api.Check(
                Api.Table->CreateEnvWithCustomLoggerAndGlobalThreadPools(
                    OrtLogSink.Callback,
                    _log.Token,
                    _options.LogLevel,
                    name.Text,
                    threading.Pointer,
                    &pointer
                ),
                Doing
            );
        }

        var environment = new OrtEnvironmentHandle(Api, pointer, _log);
        OrtTelemetry.Disable(Api, pointer);
        return environment;
    }

    /// <summary>
    /// Registers one allocator for all sessions; without it, each session has its own arena and never returns memory.
    /// </summary>
    private OrtMemoryInfoHandle ShareMemory()
    {
        const string Doing = "sharing host memory";
        const int ArenaAllocator = 1;
        const int DefaultMemory = 0;
        nint pointer;
        Api.Check(Api.Table->CreateCpuMemoryInfo(ArenaAllocator, DefaultMemory, &pointer), Doing);
        var host = new OrtMemoryInfoHandle(Api, pointer);
        var status = Api.Table->RegisterAllocator(Environment.Pointer, Memory.Pointer);
        if (status != 0)
        {
            var failure = Api.ToException(status, Doing);
            if (failure.Code != OrtErrorCode.InvalidArgument) // another runtime of this process has registered it already
            {
                throw failure;
            }
        }

        return host;
    }

    private string[] ReadProviders()
    {
        byte** names;
        int count;
        Api.Check(Api.Table->GetAvailableProviders(&names, &count), "listing providers");
        var providers = new string[count];
        for (var i = 0; i < count; i++)
        {
            providers[i] = ProviderProfiles.Normalize(Marshal.PtrToStringUTF8((nint)names[i]) ?? "");
        }

        Api.Check(Api.Table->ReleaseAvailableProviders(names, count), "listing providers");
        return [.. providers.Where(provider => ProviderLibrary.IsPresent(provider, LibraryPath))];
    }
}
