using WanSharp.Runtime.Adapters;
using WanSharp.Tensors;

namespace WanSharp.Models.Loras;

/// <summary>A LoRA's file, opened for reading: of any of the tools that write such for Wan.</summary>
/// <remarks>
/// Thread-safe. Opening reads the header alone; tensors are views that end with the file. What the names mean is described in
/// docs/lora.md.
/// </remarks>
public sealed class LoraFile : IDisposable
{
    private const int NamesShown = 4;

    private readonly ICheckpoint _file;
    private readonly IReadOnlyList<IGrouping<string, LoraKey>> _modules;
    private readonly List<string> _others;
    private readonly PeftNote? _note;

    private LoraFile(ICheckpoint file)
    {
        _file = file;
        var names = file.Tensors.Keys.Concat(file.Unsupported.Keys).Order(StringComparer.Ordinal).ToList();
        var keys = names.ConvertAll(name => (Name: name, Key: LoraKey.Read(name)));
        _modules = [.. keys.Where(one => one.Key is not null).GroupBy(one => one.Key!.Module, one => one.Key!)];
        _others = [.. keys.Where(one => one.Key is null).Select(one => one.Name)];
        var config = PeftNote.PlaceOf(file);
        Stamps = [.. file.Files.Concat(config is null ? [] : [config]).Select(path => (path, FileStamp.Of(path)))]; // before it is read
        _note = PeftNote.Find(file);
        Files = [.. file.Files, .. config is not null && File.Exists(config) ? [config] : Array.Empty<string>()];
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>All files that decide what it does: those of its weights, and PEFT's configuration where it is read.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>How these files were when it was opened; a configuration that was not there counts, for it may be put there.</summary>
    internal IReadOnlyList<(string Path, FileStamp Stamp)> Stamps { get; }

    /// <summary>The only expert that its layers' names are of; null where they are of both, or do not say.</summary>
    public LoraExpert? Expert => new LoraScope(_modules.Select(module => module.Key)).OnlyExpert;

    /// <summary>Opens a file.</summary>
    /// <exception cref="CheckpointException">There is none, it cannot be read, or it holds no LoRA.</exception>
    public static LoraFile Open(string path)
    {
        var file = Checkpoint.Open(path);
        try
        {
            var lora = new LoraFile(file);
            return lora._modules.Count > 0 ? lora : throw lora.NoLora();
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What it does to a transformer.</summary>
    /// <param name="weights">The transformer's weights by official name, with their shapes.</param>
    /// <param name="model">What the model is called, for messages.</param>
    /// <param name="expert">Which of two experts the transformer is; null where there is one.</param>
    /// <param name="digest">The file's digest.</param>
    /// <exception cref="CheckpointException">A name fits nothing, a shape is another model's, or a value means nothing.</exception>
    public LoraFit FitTo(IReadOnlyDictionary<string, Shape> weights, string model, LoraExpert? expert, string digest)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var modules = new LoraModules(weights);
        var changes = new Dictionary<string, List<WeightChange>>(StringComparer.Ordinal);
        var (dropped, unknown) = (new List<string>(), new List<string>(_others.Where(name => !LoraScope.IsOfTextEncoder(name))));
        dropped.AddRange(_others.Where(LoraScope.IsOfTextEncoder));
        if (unknown.Exists(name => LoraKinds.UnsupportedMethod(name) is not null))
        {
            throw Unknown(unknown, model, someFit: true); // before numbers are read that the method gives another meaning
        }

        var takers = new Dictionary<(string Weight, bool IsDifference), LoraLayer>();
        var scope = new LoraScope(_modules.Select(module => module.Key));
        if (expert is null && scope.HasBoth)
        {
            throw OfBothExperts(model);
        }

        foreach (var whole in _modules.Where(module => scope.Has(module.Key, expert)))
        {
            var layer = modules.Find(whole.Key);
            var (module, others) = LoraInputs.Fitting(_file, whole, layer, weights);
            dropped.AddRange(others);
            if (module is null)
            {
                continue;
            }

            var reader = new LoraLayer(_file, module, weights, model, _note);
            foreach (var (weight, change) in reader.Read(layer, modules))
            {
                if (!changes.TryGetValue(weight, out var list))
                {
                    changes.Add(weight, list = []);
                }

                if (!IsRepeated(takers, weight, change, reader))
                {
                    list.Add(change);
                }
            }

            if (!reader.IsRead)
            {
                (LoraScope.IsOfTextEncoder(module.Key) || LoraScope.IsOfImages(module.Key) ? dropped : unknown).AddRange(
                    module.Select(key => key.Name)
                );
            }
        }

        return unknown.Count > 0 ? throw Unknown(unknown, model, changes.Count > 0)
            : changes.Count == 0 ? throw NothingChanged(model, scope.OnlyExpert)
            : new LoraFit(Together($"{digest} {expert}", changes), dropped)
            {
                NoEffect = LoraNumbers.NoEffect(changes.Values.SelectMany(list => list)),
                IsUnscaled = _note is null && PeftNote.IsNamedByPeft(_file) && !PeftNote.HasScales(_file),
            };
    }

    private LoraChanges Together(string id, Dictionary<string, List<WeightChange>> changes) =>
        new(id, changes.ToDictionary(one => one.Key, one => (IReadOnlyList<WeightChange>)one.Value, StringComparer.Ordinal))
        {
            Source = Path,
        };

    /// <summary>
    /// Whether a change of a weight is there already, under another name of its layer: files that are made for several tools have each
    /// of their tensors under the names of both.
    /// </summary>
    /// <exception cref="CheckpointException">It is another change of the same kind.</exception>
    private bool IsRepeated(
        Dictionary<(string Weight, bool IsDifference), LoraLayer> takers,
        string weight,
        WeightChange change,
        LoraLayer layer
    )
    {
        var kind = (weight, change is FullChange);
        if (takers.TryAdd(kind, layer) || takers[kind] == layer)
        {
            return false;
        }

        return layer.IsSameAs(takers[kind])
            ? true
            : throw new CheckpointException(
                Path,
                layer.FirstName,
                $"it and {CheckpointException.Quote(takers[kind].FirstName)} change the same weight, {weight}, in different ways: which "
                    + "one is meant is not known."
            );
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private CheckpointException NothingChanged(string model, LoraExpert? only) =>
        new(
            Path,
            only is null
                ? $"it changes nothing of {model}: leave it out."
                : $"its layers are all called {LoraScope.SecondName}, which is Diffusers' name for the low-noise expert of Wan 2.2: "
                    + "give it to that one, with --lora-low."
        );

    private CheckpointException OfBothExperts(string model) =>
        new(
            Path,
            $"it holds a part for each of Wan 2.2's two experts (transformer and {LoraScope.SecondName}), and {model} has one transformer: "
                + "use it with a model of both, or save the part that is meant in a file of its own."
        );

    private CheckpointException NoLora() =>
        _others.Select(LoraKinds.UnsupportedMethod).FirstOrDefault(method => method is not null) is { } method
            ? new CheckpointException(
                Path,
                $"it is {method}, which is not supported: merge it into a checkpoint with the tool that made it."
            )
            : new CheckpointException(
                Path,
                $"it holds no LoRA: its tensors are called {Shown(_others)}. A whole transformer is given with --model."
            );

    private CheckpointException Unknown(List<string> unknown, string model, bool someFit)
    {
        var method = unknown.Select(LoraKinds.UnsupportedMethod).FirstOrDefault(method => method is not null);
        var why =
            method is not null ? $"It is {method}, which is not supported"
            : unknown.Exists(name => name.Contains("vace", StringComparison.OrdinalIgnoreCase)) ? "It is a LoRA of a VACE model"
            : someFit ? "It is a LoRA of a model with more layers, or of other ones"
            : "It is a LoRA of another family of models";
        var wayOut = method is not null
            ? "get it as a LoRA in bf16 or fp16, or merge it into a checkpoint with the tool that made it"
            : $"use it with the model that it was trained for{(someFit ? ", or save it without these tensors" : "")}";
        return new CheckpointException(
            Path,
            $"{(someFit ? $"{unknown.Count} of its tensors fit" : "it fits")} nothing in {model}: {Shown(unknown)}. {why}: {wayOut}."
        );
    }

    private static string Shown(List<string> names) =>
        string.Join(", ", names.Take(NamesShown).Select(CheckpointException.Quote))
        + (names.Count > NamesShown ? $" and {names.Count - NamesShown} more" : "");
}
