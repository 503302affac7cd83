using WanSharp.Models.Codes;
using WanSharp.Models.Names;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Reads the networks of a checkpoint, and sees to it that each of its tensors is used by one of them or is known to be safe to
/// leave.
/// </summary>
/// <param name="checkpoint">The checkpoint; it stays its owner's.</param>
internal sealed class NetworkReader(ICheckpoint checkpoint)
{
    /// <summary>The tensor in which ComfyUI's text encoder carries its tokenizer.</summary>
    public const string TokenizerTensor = "spiece_model";

    // A factor of CLIP's, which ComfyUI's wrapper keeps next to any text encoder.
    private const string LogitScale = "logit_scale";

    // What a training keeps next to its networks to go on from there.
    private static readonly string[] OfTraining =
    [
        "optimizer",
        "optimizers",
        "optimizer_states",
        "optimizer_state",
        "optimizer_state_dict",
        "scheduler",
        "lr_scheduler",
        "lr_schedulers",
        "scaler",
        "grad_scaler",
        "rng",
        "rng_state",
        "rng_states",
        "cuda_rng_state",
        "torch_rng_state",
        "random_state",
        "random_states",
        "callbacks",
        "loops",
        "hyper_parameters",
        "metrics",
        "train_metrics",
        "val_metrics",
    ];

    private static readonly string[] CountersOfTraining =
    [
        "step",
        "steps",
        "global_step",
        "global_steps",
        "train_step",
        "train_steps",
        "iteration",
        "iterations",
        "iter",
        "epoch",
        "epochs",
    ];

    // What PEFT keeps of a layer that was trained whole: how it was before.
    private const string Untrained = ".original_module.";
    private const string Trained = ".modules_to_save.default.";

    private readonly List<Reading> _readings = [];

    /// <summary>What is wrong, in the order of reading.</summary>
    public List<CheckpointException> Problems { get; } = [];

    /// <summary>What was chosen of several networks of one kind; none where there was no choice.</summary>
    public IReadOnlyList<string> Choices =>
        [
            .. _readings
                .Where(reading => reading is { Config: not null, Network.Others.Count: > 0 })
                .Select(reading =>
                    $"the {reading.Names.What} {Called(reading.Network.Prefix)}, not "
                    + $"{string.Join(", ", reading.Network.Others.Select(Called))}"
                ),
        ];

    private static string Called(string prefix) => prefix.Length == 0 ? "without a prefix" : CheckpointException.Quote(prefix.TrimEnd('.'));

    /// <summary>Checks a file whose network was described.</summary>
    /// <param name="checkpoint">The file.</param>
    /// <param name="kind">The network.</param>
    /// <param name="config">Its dimensions, by the description.</param>
    /// <returns>The network, checked; null if the file has none whose names are known.</returns>
    /// <exception cref="CheckpointException">The file cannot be used.</exception>
    public static ICheckpoint? Require<T>(ICheckpoint checkpoint, NetworkKind<T> kind, T config)
        where T : class
    {
        var reader = new NetworkReader(checkpoint);
        reader.ReadAll(kind.Names, config);
        return reader.Problems.Count > 0
            ? throw reader.Problems[0]
            : reader._readings.Find(reading => reading.Names == kind.Names)?.Network;
    }

    /// <summary>Finds all networks; what is wrong is among <see cref="Problems"/>.</summary>
    /// <param name="described">The names of a network whose dimensions are known.</param>
    /// <param name="config">Its dimensions.</param>
    public void ReadAll(NetworkNames? described = null, object? config = null)
    {
        Read(NetworkKinds.Transformer, described, config);
        Read(NetworkKinds.TextEncoder, described, config);
        Read(NetworkKinds.Vae, described, config);
        Read(NetworkKinds.TinyVae, described, config);
        Read(NetworkKinds.VisionEncoder, described, config);
        Read(NetworkKinds.Rrdb, described, config);
        Read(NetworkKinds.Compact, described, config);
        Read(NetworkKinds.Span, described, config);
        Read(NetworkKinds.Rife, described, config);
        RequireAllUsed();
        RequireAllNoted();
    }

    /// <summary>The dimensions of a network that was found and can be used, or null.</summary>
    public T? ConfigOf<T>()
        where T : class => _readings.Select(reading => reading.Config).OfType<T>().FirstOrDefault();

    private void Read<T>(NetworkKind<T> kind, NetworkNames? described, object? known)
        where T : class
    {
        try
        {
            // The renamed view is not disposed: the checkpoint is its owner's.
            if (kind.Names.Find(checkpoint) is not { } network)
            {
                return;
            }

            var reading = new Reading(network, kind.Names);
            _readings.Add(reading);
            ForeignFormats.Refuse(network);
            var config = kind.Names == described ? (T)known! : kind.Detect(network);
            reading.Used = NetworkCheck.Require(network, kind.Slots(config));
            ScaledFp8.Require(checkpoint, network, reading.Used, IsMarked(network));
            ScaleCheck.Require(network, reading.Used, kind.Names == NetworkKinds.Transformer.Names);
            reading.IsUnused = name => kind.IsUnused(config, network, name);
            reading.Config = config;
        }
        catch (CheckpointException e)
        {
            Problems.Add(e);
        }
        catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException))
        {
            // Whatever a file makes of the detection, the other files of its folder are still listed.
            Problems.Add(
                new CheckpointException(checkpoint.Path, $"its tensors have dimensions that no network of Wan's has: {e.Message}", e)
            );
        }
    }

    /// <summary>Whether a marker says that a network has scales: its own, or one of several networks, none of which has any.</summary>
    private bool IsMarked(RenamedCheckpoint network) =>
        AllNames.Contains(network.Prefix + ScaledFp8.Marker)
        || (
            AllNames.Any(name => IsBefore(name, ScaledFp8.Marker, network))
            && !AllNames.Any(name => WeightScale.Suffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal)))
        );

    private IEnumerable<string> AllNames => checkpoint.Tensors.Keys.Concat(checkpoint.Unsupported.Keys);

    /// <summary>Refuses networks of which a tensor is left over, and all of them if one belongs to none.</summary>
    private void RequireAllUsed()
    {
        var claimed = _readings.SelectMany(reading => reading.Claimed()).ToHashSet(StringComparer.Ordinal);
        List<string> left = [.. AllNames.Where(name => !claimed.Contains(name) && !IsSafe(name)).Order(StringComparer.Ordinal)];
        if (_readings.Count == 0 || left.Count == 0)
        {
            return;
        }

        foreach (var group in left.GroupBy(OwnerOf))
        {
            Refuse(group.Key, [.. group]);
        }
    }

    /// <summary>Refuses all networks if the header says something of a layer that none of them has: it may be any of theirs.</summary>
    private void RequireAllNoted()
    {
        if (!_readings.Exists(reading => reading.Config is not null))
        {
            return;
        }

        var tensors = AllNames.Select(QuantizedNames.Unwrapped).ToHashSet(StringComparer.Ordinal);
        List<string> unmet =
        [
            .. HeaderNotes
                .Read(checkpoint)
                .Keys.Where(layer =>
                    !_readings.Exists(reading => reading.Network.Noted.Contains(layer))
                    && !tensors.Contains(HeaderNotes.NamesOf(layer, tensors.Contains).First() + WeightScale.WeightSuffix)
                ),
        ];
        if (unmet.Count > 0)
        {
            Problems.Add(HeaderNotes.WithoutLayer(checkpoint, unmet));
            _readings.ForEach(reading => reading.Config = null);
        }
    }

    private void Refuse(Reading? owner, List<string> left)
    {
        if (owner is { Config: null })
        {
            return; // refused already
        }

        Problems.Add(
            owner is null
                ? new CheckpointException(
                    checkpoint.Path,
                    left[0],
                    $"it belongs to none of the networks in the file{More(left)}: another program wrote more into it than is understood."
                )
                : LeftOver.Refuse(owner.Network, owner.Names, left)
        );
        foreach (var reading in owner is null ? _readings : [owner])
        {
            reading.Config = null;
        }
    }

    private static string More(List<string> left) => left.Count > 1 ? $" (nor do {left.Count - 1} more)" : "";

    /// <summary>The network behind the longest prefix that stands before a name.</summary>
    private Reading? OwnerOf(string name) =>
        _readings
            .Where(reading => QuantizedNames.Unwrapped(name).StartsWith(reading.Network.Prefix, StringComparison.Ordinal))
            .MaxBy(reading => reading.Network.Prefix.Length);

    /// <summary>
    /// Whether a tensor that no network uses changes nothing of what they compute: a marker or a tokenizer in front of a network, or what a
    /// training keeps.
    /// </summary>
    private bool IsSafe(string name) =>
        _readings.Exists(reading =>
            IsBefore(name, ScaledFp8.Marker, reading.Network)
            || IsBefore(name, TokenizerTensor, reading.Network)
            || (reading.Names == NetworkKinds.TextEncoder.Names && reading.Network.Prefix.Length > 0 && IsNextTo(name, LogitScale, reading))
        )
        || CountersOfTraining.Contains(name)
        || (
            name.Contains(Untrained, StringComparison.Ordinal)
            && AllNames.Contains(name.Replace(Untrained, Trained, StringComparison.Ordinal))
        )
        || OfTraining.Contains(name.Split('.')[0]);

    /// <summary>Whether a tensor of that name stands where a network's names begin, or before: one prefix begins with the other.</summary>
    private static bool IsBefore(string name, string last, RenamedCheckpoint network) =>
        PrefixOf(name, last) is { } prefix && network.Prefix.StartsWith(prefix, StringComparison.Ordinal);

    /// <summary>Whether a tensor of that name is next to a network that has its own module.</summary>
    private static bool IsNextTo(string name, string last, Reading reading) =>
        PrefixOf(name, last) is { } prefix
        && reading.Network.Prefix.StartsWith(prefix, StringComparison.Ordinal)
        && reading.Network.Prefix[prefix.Length..].Count(c => c == '.') == 1;

    /// <summary>What stands before a tensor's own name; null if that is another.</summary>
    private static string? PrefixOf(string name, string last)
    {
        name = QuantizedNames.Unwrapped(name);
        return name == last ? ""
            : name.EndsWith($".{last}", StringComparison.Ordinal) ? name[..^last.Length]
            : null;
    }

    /// <summary>A network that was found.</summary>
    private sealed class Reading(RenamedCheckpoint network, NetworkNames names)
    {
        public RenamedCheckpoint Network => network;

        public NetworkNames Names => names;

        /// <summary>Its dimensions, if it can be used.</summary>
        public object? Config { get; set; }

        /// <summary>The official names of the tensors that it uses; null if it was refused.</summary>
        public HashSet<string>? Used { get; set; }

        public Func<string, bool> IsUnused { get; set; } = _ => false;

        /// <summary>The stored names of its tensors that are used, or that are known and change nothing.</summary>
        public IEnumerable<string> Claimed() =>
            network
                .StoredNames.Where(pair =>
                    Used is null
                    || Used.Contains(pair.Key)
                    || IsUnused(pair.Key)
                    || ForeignFormats.IsOfActivations(pair.Key, layer => Used.Contains(layer + WeightScale.WeightSuffix))
                )
                .Select(pair => pair.Value)
                .Concat(network.Tied)
                .Concat(
                    network.Others.SelectMany(other =>
                        network.AllNames.Where(name => QuantizedNames.Unwrapped(name).StartsWith(other, StringComparison.Ordinal))
                    )
                );
    }
}
