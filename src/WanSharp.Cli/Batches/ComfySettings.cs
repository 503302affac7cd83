using WanSharp.Cli.Terminal;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;

namespace WanSharp.Cli.Batches;

/// <summary>ComfyUI servers and what they run, as it is kept beside a batch: files that are edited later change nothing of it.</summary>
internal sealed record ComfySettings
{
    private const string Prefix = "comfy:";

    /// <summary>The servers' addresses.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>The workflow.</summary>
    public required string Workflow { get; init; }

    /// <summary>The file that it was read from.</summary>
    public required string WorkflowFile { get; init; }

    /// <summary>Which inputs take what.</summary>
    public required string Mapping { get; init; }

    /// <summary>Reads what the options name.</summary>
    /// <param name="backend">The backend as typed.</param>
    /// <param name="workflow">The workflow's file, or null.</param>
    /// <param name="mapping">The mapping's file, or null.</param>
    /// <returns>The settings, or null for the engine in this process.</returns>
    /// <exception cref="InvalidRequestException">Options contradict each other, or a file is not what it should be.</exception>
    public static ComfySettings? Read(string backend, string? workflow, string? mapping)
    {
        if (!backend.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return backend != BackendNames.Local ? throw new InvalidRequestException("backend", $"'{backend}' is no backend: write {BackendNames.Local}, or comfy: and addresses, such as comfy:http://127.0.0.1:8188.")
                : workflow is not null ? throw new InvalidRequestException("workflow", "A workflow is for ComfyUI: name its servers too, such as --backend comfy:http://127.0.0.1:8188.")
                : mapping is not null ? throw new InvalidRequestException("mapping", "A mapping is for ComfyUI: give --backend and --workflow too.")
                : null;
        }

        if (workflow is null)
        {
            throw new InvalidRequestException("workflow", "Say what ComfyUI is to run: --workflow FILE, exported in its editor with Export (API).");
        }

        var parsed = ComfyWorkflow.Load(workflow);
        var guess = ComfyMapping.Guess(parsed);
        return new ComfySettings
        {
            Servers = [.. backend[Prefix.Length..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).DefaultIfEmpty("").Select(Address)],
            Workflow = parsed.ToJson(),
            WorkflowFile = workflow,
            Mapping = (mapping is null ? guess : guess.With(mapping, parsed)).ToJson(),
        };
    }

    /// <summary>Opens the backend, and says what it found.</summary>
    public async Task<ComfyBackend> OpenAsync(CliEnvironment environment, CancellationToken cancellationToken)
    {
        var workflow = ComfyWorkflow.Parse(Workflow, WorkflowFile);
        var mapping = ComfyMapping.None.With(Mapping, $"of {WorkflowFile}", workflow);
        var backend = new ComfyBackend(Servers, workflow, mapping, new ComfyBackendOptions { Clock = environment.Clock });
        foreach (var line in mapping.Describe(workflow).Concat(await backend.DescribeAsync(cancellationToken)))
        {
            environment.Error.WriteLine(PlainText.OneLine(line));
        }

        return backend;
    }

    private static Uri Address(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps) ? address
            : throw new InvalidRequestException("backend", $"'{text}' is no address of a ComfyUI server: write it as http://127.0.0.1:8188.");
}
