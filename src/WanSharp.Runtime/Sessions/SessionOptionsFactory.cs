using WanSharp.Runtime.Native;
using WanSharp.Runtime.Providers;

namespace WanSharp.Runtime;

/// <summary>Turns <see cref="SessionSettings"/> into the library's session options.</summary>
internal static unsafe class SessionOptionsFactory
{
    public static OrtSessionOptionsHandle Create(OrtApi api, SessionSettings settings, RuntimeOptions runtime)
    {
        var doing = $"preparing session options of graph '{settings.Name}'";
        nint pointer;
        api.Check(api.Table->CreateSessionOptions(&pointer), doing);
        var options = new OrtSessionOptionsHandle(api, pointer);
        try
        {
            Fill(options, settings, doing);
            ShareThreadsOrProfile(options, settings, runtime, doing);
            foreach (var step in ProviderPlan.For(settings.Provider, settings.ProviderOptions))
            {
                Append(options, step, $"adding provider {step.Name} to graph '{settings.Name}'");
            }

            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }

    private static void Fill(OrtSessionOptionsHandle options, SessionSettings settings, string doing)
    {
        var (api, pointer) = (options.Api, options.Pointer);
        var table = api.Table;
        using var name = NativeText.Utf8(settings.Name);
        api.Check(table->SetSessionLogId(pointer, name.Text), doing);
        api.Check(table->SetSessionGraphOptimizationLevel(pointer, (int)settings.Optimization), doing);
        if (!settings.MemoryPattern)
        {
            api.Check(table->DisableMemPattern(pointer), doing);
            if (settings.IsOnHost && settings.ProfilePathPrefix is null)
            {
                ShareNoBuffers(options, doing);
            }
        }

        if (settings.OptimizedModelPath is { } optimizedModelPath)
        {
            using var path = NativeText.Path(optimizedModelPath);
            api.Check(table->SetOptimizedModelFilePath(pointer, path.Text), doing);
        }

        foreach (var (dimension, length) in settings.Dimensions)
        {
            using var dimensionName = NativeText.Utf8(dimension);
            api.Check(table->AddFreeDimensionOverrideByName(pointer, dimensionName.Text, length), doing);
        }

        AddConfigEntry(options, "session.use_env_allocators", "1", doing); // the environment's one allocator, not an arena a session
        foreach (var (key, value) in settings.ConfigEntries)
        {
            AddConfigEntry(options, key, value, doing);
        }
    }

    /// <summary>
    /// Compiles in half of the time: the library looks for a buffer that each value may share only where nodes cannot run in parallel.
    /// They do not run in parallel here either, for the pool that would run them has one thread. See docs/adr/0033-no-shared-buffers.md.
    /// </summary>
    private static void ShareNoBuffers(OrtSessionOptionsHandle options, string doing)
    {
        const int Parallel = 1;
        options.Api.Check(options.Api.Table->SetSessionExecutionMode(options.Pointer, Parallel), doing);
    }

    /// <summary>
    /// A profiled session gets its own threads: the recorder of a thread pool cannot tell sessions apart, and a
    /// recording that begins during another session's run fails that run ("LogStart must pair with LogEnd").
    /// </summary>
    private static void ShareThreadsOrProfile(
        OrtSessionOptionsHandle options,
        SessionSettings settings,
        RuntimeOptions runtime,
        string doing
    )
    {
        var api = options.Api;
        if (settings.ProfilePathPrefix is not { } profilePathPrefix)
        {
            api.Check(api.Table->DisablePerSessionThreads(options.Pointer), doing);
            return;
        }

        using var path = NativeText.Path(profilePathPrefix);
        api.Check(api.Table->EnableProfiling(options.Pointer, path.Text), doing);
        api.Check(api.Table->SetIntraOpNumThreads(options.Pointer, runtime.Threads), doing);
        AddConfigEntry(options, "session.intra_op.allow_spinning", "0", doing); // as the shared threads
    }

    private static void AddConfigEntry(OrtSessionOptionsHandle options, string key, string value, string doing)
    {
        using var nativeKey = NativeText.Utf8(key);
        using var nativeValue = NativeText.Utf8(value);
        options.Api.Check(options.Api.Table->AddSessionConfigEntry(options.Pointer, nativeKey.Text, nativeValue.Text), doing);
    }

    private static void Append(OrtSessionOptionsHandle options, ProviderStep step, string doing)
    {
        var api = options.Api;
        var table = api.Table;
        using var keys = NativeText.Array([.. step.Options.Keys]);
        using var values = NativeText.Array([.. step.Options.Values]);
        var count = (nuint)step.Options.Count;
        nint pointer;
        switch (step.Kind)
        {
            case ProviderKind.Cuda:
                api.Check(table->CreateCudaProviderOptions(&pointer), doing);
                using (var cuda = new OrtCudaProviderOptionsHandle(api, pointer))
                {
                    api.Check(table->UpdateCudaProviderOptions(cuda.Pointer, keys.Texts, values.Texts, count), doing);
                    api.Check(table->AppendCudaExecutionProvider(options.Pointer, cuda.Pointer), doing);
                }

                break;
            case ProviderKind.TensorRt:
                api.Check(table->CreateTensorRtProviderOptions(&pointer), doing);
                using (var tensorRt = new OrtTensorRtProviderOptionsHandle(api, pointer))
                {
                    api.Check(table->UpdateTensorRtProviderOptions(tensorRt.Pointer, keys.Texts, values.Texts, count), doing);
                    api.Check(table->AppendTensorRtExecutionProvider(options.Pointer, tensorRt.Pointer), doing);
                }

                break;
            default:
                using (var name = NativeText.Utf8(step.Name))
                {
                    api.Check(table->AppendExecutionProvider(options.Pointer, name.Text, keys.Texts, values.Texts, count), doing);
                }

                break;
        }
    }
}
