using WanSharp.Graphs;
using WanSharp.Models;
using WanSharp.Runtime.Weights;
using WanSharp.Tensors;

namespace WanSharp.Tools.Quantize;

/// <summary>
/// Where a quantized model is written: a folder like the model's, for a model with a description of ours; otherwise its transformers,
/// which are named in place of the model's own.
/// </summary>
/// <param name="model">The model as it was.</param>
/// <param name="output">The folder, or the file.</param>
internal sealed class QuantizedFiles(WanModel model, string output)
{
    private const string Extension = ".safetensors";
    private const string HeaderNotes = "_quantization_metadata";

    private string Stem => output.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? output[..^Extension.Length] : output;

    /// <summary>What will be there.</summary>
    public IReadOnlyList<string> Targets =>
        model.Parts.IsDescribed ? [output]
        : model.HasExperts ? [$"{Stem}-low-noise{Extension}", $"{Stem}-high-noise{Extension}"]
        : [Stem + Extension];

    /// <summary>
    /// A transformer of a model that holds a weight as 8-bit integers or in blocks (GGUF), and its type; null where none does.
    /// </summary>
    public static (string File, DType Type)? FindQuantized(WanModel model)
    {
        WeightStore?[] stores = [model.TransformerWeights, model.HighNoiseWeights];
        foreach (var weights in stores.OfType<WeightStore>())
        {
            if (
                weights.Stored.Values.FirstOrDefault(tensor =>
                    tensor.DType == DType.I8 || (tensor.DType.BlockLength() > 1 && tensor.Shape.Rank > 1)
                ) is
                { } quantized
            )
            {
                return (weights.Path, quantized.DType);
            }
        }

        return null;
    }

    /// <summary>Checks before anything is computed that the result can be written.</summary>
    /// <exception cref="InvalidRequestException">It cannot.</exception>
    public void RequireWritable(bool replace)
    {
        if (model.Parts.IsDescribed && output.EndsWith(Extension, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidRequestException(
                "output",
                $"{model.Name} is a folder with a config.json, and {output} is a file: name a folder."
            );
        }

        var parent = Path.GetDirectoryName(Path.GetFullPath(output))!;
        if (!Directory.Exists(parent))
        {
            throw new InvalidRequestException("output", $"There is no folder {parent}: make it, or write elsewhere.");
        }

        if (Targets.FirstOrDefault(Path.Exists) is { } existing && !(replace && File.Exists(existing)))
        {
            throw new InvalidRequestException(
                "output",
                model.Parts.IsDescribed
                    ? $"{existing} exists: name a new folder."
                    : $"{existing} exists: name another file, or replace it with --force."
            );
        }
    }

    /// <summary>Writes everything into a folder that is not its place yet.</summary>
    /// <returns>How the model is opened from there.</returns>
    public (string Model, NamedParts Parts) Write(
        WorkFolder folder,
        LayerFormats layers,
        LayerFormats? highNoise,
        CancellationToken cancellationToken
    )
    {
        if (model.Parts.IsDescribed)
        {
            var copy = folder["model"];
            Directory.CreateDirectory(copy);
            string[] others =
            [
                model.Source,
                .. model.Parts.All().Where(part => part.Path != model.Parts.Transformer).Select(part => part.Path),
            ];
            foreach (var file in others.Distinct())
            {
                cancellationToken.ThrowIfCancellationRequested();
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }

            WriteNetwork(
                Path.Combine(copy, Path.GetFileName(model.Parts.Transformer)),
                model.TransformerWeights,
                layers,
                cancellationToken
            );
            return (copy, NamedParts.None);
        }

        string[] written = [.. Targets.Select(target => folder[Path.GetFileName(target)])];
        WriteNetwork(written[0], model.TransformerWeights, layers, cancellationToken);
        if (model.HighNoiseWeights is { } weights)
        {
            WriteNetwork(written[1], weights, highNoise ?? LayerFormats.None, cancellationToken);
        }

        return (model.Folder, PartsOf(written));
    }

    /// <summary>
    /// Gives what was written its place. Of two experts the old ones go first: between a new and an old one, a model would be opened that
    /// nobody measured.
    /// </summary>
    public void Publish(WorkFolder folder)
    {
        if (model.Parts.IsDescribed)
        {
            AtomicFolder.Publish(folder["model"], output);
            return;
        }

        if (Targets.Count > 1)
        {
            foreach (var target in Targets)
            {
                File.Delete(target);
            }
        }

        foreach (var target in Targets)
        {
            AtomicFile.Publish(folder[Path.GetFileName(target)], target, overwrite: true);
        }
    }

    /// <summary>The options that name the model from now on.</summary>
    public string Use() =>
        model.Parts.IsDescribed
            ? $"--model {ShellWord.Quote(output)}"
            : string.Join(
                ' ',
                PartsOf([.. Targets])
                    .Options()
                    .Select(part => $"{part.Option} {ShellWord.Quote(part.Value)}")
                    .Prepend($"--model {ShellWord.Quote(model.Folder)}")
            );

    /// <summary>The files that hold the transformers, once they have their place.</summary>
    public IReadOnlyList<string> Transformers() =>
        model.Parts.IsDescribed ? [Path.Combine(output, Path.GetFileName(model.Parts.Transformer))] : Targets;

    private NamedParts PartsOf(string[] files) =>
        new()
        {
            LowNoise = files[0],
            HighNoise = files[^1], // one file for both is one transformer for all steps
            TextEncoder = model.Parts.TextEncoder,
            Vae = model.Parts.Vae,
            VisionEncoder = model.Parts.VisionEncoder,
            Tokenizer = model.Parts.Tokenizer,
        };

    private static void WriteNetwork(string path, WeightStore weights, LayerFormats layers, CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, SafetensorsEntry>(StringComparer.Ordinal);
        foreach (var (name, tensor) in weights.Stored)
        {
            entries.Add(name, SafetensorsEntry.Of(tensor));
        }

        foreach (var (layer, format) in layers.EightBit)
        {
            foreach (var stale in WeightScale.Suffixes.Append(QuantizationNote.Suffix).Select(suffix => layer + suffix))
            {
                entries.Remove(stale);
            }

            foreach (var (name, entry) in QuantizedLayer.Entries(weights, layer, format))
            {
                entries[name] = entry;
            }
        }

        SafetensorsWriter.WriteEntries(
            path,
            entries,
            weights.Metadata.Where(note => note.Key != HeaderNotes).ToDictionary(),
            cancellationToken
        );
    }
}
