using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using WanSharp.Jobs.Comfy;
using WanSharp.Tensors;

namespace WanSharp.Hosting.Batches;

/// <summary>ComfyUI servers and what they run, as it is kept with a batch: files that are edited later do not change it.</summary>
public sealed partial record ComfySettings
{
    private const string Prefix = "comfy:";

    /// <summary>The servers' addresses, without what signs in there.</summary>
    public required IReadOnlyList<Uri> Servers { get; init; }

    /// <summary>The workflow.</summary>
    public required string Workflow { get; init; }

    /// <summary>The file that it was read from.</summary>
    public required string WorkflowFile { get; init; }

    /// <summary>Which inputs take what.</summary>
    public required string Mapping { get; init; }

    /// <summary>How to sign in at the servers, and how long to wait for them: of one run, and never stored.</summary>
    [JsonIgnore]
    public ComfyAccess Access { get; init; } = ComfyAccess.None;

    /// <summary>Reads what the options name.</summary>
    /// <param name="backend">The backend as typed.</param>
    /// <param name="workflow">The workflow's file, or null.</param>
    /// <param name="mapping">The mapping's file, or null.</param>
    /// <param name="access">How to sign in.</param>
    /// <returns>The settings, or null for the engine in this process.</returns>
    /// <exception cref="InvalidRequestException">Options contradict each other, or a file is not what it should be.</exception>
    public static ComfySettings? Read(string backend, string? workflow, string? mapping, ComfyAccess access)
    {
        ArgumentNullException.ThrowIfNull(backend);
        ArgumentNullException.ThrowIfNull(access);
        if (ReadServers(backend) is not { } servers)
        {
            return workflow is not null
                    ? throw new InvalidRequestException(
                        "workflow",
                        "A workflow is for ComfyUI: name its servers too, such as --backend comfy:http://127.0.0.1:8188."
                    )
                : mapping is not null
                    ? throw new InvalidRequestException("mapping", "A mapping is for ComfyUI: give --backend and --workflow too.")
                : access.IsAsked
                    ? throw new InvalidRequestException(
                        "backend",
                        "--server-wait, --server-token and --server-header are for ComfyUI: give --backend and --workflow too."
                    )
                : null;
        }

        if (workflow is null)
        {
            throw new InvalidRequestException(
                "workflow",
                "Say what ComfyUI is to run: --workflow FILE, exported in its editor with Export (API)."
            );
        }

        var parsed = ComfyWorkflow.Load(workflow);
        return new ComfySettings
        {
            Servers = [.. servers.Select(server => server.Uri)],
            Workflow = parsed.ToJson(),
            WorkflowFile = workflow,
            Mapping = ComfyMapping.Read(mapping, parsed).ToJson(),
            Access = access with { Typed = servers },
        };
    }

    /// <summary>The settings of a batch that is resumed, at other servers if some are named.</summary>
    /// <param name="backend">The backend as typed; null when none was.</param>
    /// <param name="access">How to sign in.</param>
    /// <exception cref="InvalidRequestException">The backend is not ComfyUI.</exception>
    public ComfySettings Resume(string? backend, ComfyAccess access)
    {
        if (backend is null)
        {
            return this with { Access = access };
        }

        var servers =
            ReadServers(backend)
            ?? throw new InvalidRequestException(
                "backend",
                "This batch was started with ComfyUI and must be resumed with it: leave out --backend, or name its servers."
            );
        return this with { Servers = [.. servers.Select(server => server.Uri)], Access = access with { Typed = servers } };
    }

    /// <summary>Opens the backend, and says what it found.</summary>
    /// <param name="host">Where things are.</param>
    /// <param name="cancellationToken">Cancels the questions to the servers.</param>
    public async Task<ComfyBackend> OpenAsync(WanHost host, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(host);
        var workflow = ComfyWorkflow.Parse(Workflow, WorkflowFile);
        var mapping = ComfyMapping.None.With(Mapping, $"of {WorkflowFile}", workflow);
        var options = new ComfyBackendOptions { Clock = host.Options.Clock, Notice = host.Options.Notice };
        var backend = new ComfyBackend(Access.Addresses(Servers), workflow, mapping, Access.Patience(options));
        foreach (var line in mapping.Describe(workflow).Concat(await backend.DescribeAsync(cancellationToken).ConfigureAwait(false)))
        {
            host.Options.Notice?.Invoke(line);
        }

        return backend;
    }

    /// <summary>A comma before the next address: a password may have one, too.</summary>
    [GeneratedRegex(@"\s*,\s*(?=https?://)", RegexOptions.IgnoreCase)]
    private static partial Regex BetweenAddresses();

    /// <summary>The servers that a backend names; null for the engine in this process.</summary>
    private static IReadOnlyList<ComfyAddress>? ReadServers(string backend) =>
        backend.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            ? [.. BetweenAddresses().Split(backend[Prefix.Length..].Trim(' ', ',')).Select(ComfyAddress.Parse)]
        : backend == BackendNames.Local ? null
        : throw new InvalidRequestException(
            "backend",
            $"'{ComfyAddress.Typed(backend)}' is not a backend: write {BackendNames.Local}, or comfy: and "
                + "addresses, such as comfy:http://127.0.0.1:8188."
        );
}
