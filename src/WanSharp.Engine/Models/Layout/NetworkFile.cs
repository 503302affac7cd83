using WanSharp.Engine.Models.Detection;
using WanSharp.Engine.Models.Names;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;

namespace WanSharp.Engine.Models.Layout;

/// <summary>What a checkpoint holds, told from its header. One file can hold several networks.</summary>
internal sealed record NetworkFile
{
    /// <summary>The tensor in which ComfyUI's text encoder carries its tokenizer.</summary>
    public const string TokenizerTensor = "spiece_model";

    /// <summary>The file, or the index of several.</summary>
    public required string Path { get; init; }

    public TransformerConfig? Transformer { get; init; }

    public Umt5Config? TextEncoder { get; init; }

    public VaeConfig? Vae { get; init; }

    public ClipVisionConfig? ClipVision { get; init; }

    public bool HasTokenizer { get; init; }

    /// <summary>Why a network in it, or the file, cannot be used; null if nothing is wrong.</summary>
    public string? Problem { get; init; }

    /// <summary>The bytes of all its files.</summary>
    public long Length { get; init; }

    /// <summary>The element types of its tensors, those that take the most bytes first.</summary>
    public IReadOnlyList<string> DTypes { get; init; } = [];

    /// <summary>Whether anything of Wan was found in it.</summary>
    public bool IsKnown => (Transformer ?? (object?)TextEncoder ?? (object?)Vae ?? ClipVision) is not null;

    /// <summary>Reads a checkpoint's header.</summary>
    public static NetworkFile Read(string path)
    {
        try
        {
            using var checkpoint = Checkpoint.Open(path);
            return Describe(checkpoint);
        }
        catch (CheckpointException e)
        {
            return new NetworkFile { Path = path, Problem = e.Message };
        }
    }

    private static NetworkFile Describe(ICheckpoint checkpoint)
    {
        List<string> problems = [];
        return new NetworkFile
        {
            Path = checkpoint.Path,
            Transformer = Detect(TransformerNames.Names, TransformerDetection.Detect),
            TextEncoder = Detect(TextEncoderNames.Names, TextEncoderDetection.Detect),
            Vae = Detect(VaeNames.Names, VaeDetection.Detect),
            ClipVision = Detect(ClipVisionNames.Names, ClipVisionDetection.Detect),
            HasTokenizer = checkpoint.Tensors.Keys.Any(name => name.EndsWith(TokenizerTensor, StringComparison.Ordinal)),
            Problem = problems.FirstOrDefault(),
            Length = checkpoint.Files.Sum(file => new FileInfo(file).Length),
            DTypes = [.. checkpoint.Tensors.Values.GroupBy(tensor => tensor.DType).OrderByDescending(group => group.Sum(tensor => tensor.ByteLength)).Select(group => group.Key.Name())],
        };

        T? Detect<T>(NetworkNames names, Func<ICheckpoint, T> detect)
            where T : class
        {
            // The renamed view is not disposed: the checkpoint is its caller's.
            if (names.Find(checkpoint) is not { } weights)
            {
                return null;
            }

            try
            {
                return detect(weights);
            }
            catch (CheckpointException e)
            {
                problems.Add(e.Message);
                return null;
            }
        }
    }
}
