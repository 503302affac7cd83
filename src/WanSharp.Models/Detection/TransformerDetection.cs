using WanSharp.Graphs.Networks;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Tells what a transformer is from its tensors.</summary>
/// <remarks>Sources of what tells: Comfy-Org/ComfyUI:comfy/model_detection.py; Wan-Video/Wan2.1:wan/modules/model.py.</remarks>
internal static class TransformerDetection
{
    private const int PublishedHeadDim = 128;
    private const string Positions = "img_emb.emb_pos";
    private const string FirstLast = "flf2v";
    private static readonly int[] PublishedDistances = [2, 5]; // of the blocks that have one for a control next to them
    private const string ControlPatches = "vace_patch_embedding.weight";

    // The mask and the image that 2.1's and 2.2's image-to-video models take in addition to the noise: 4 channels and a latent.
    private const int MaskChannels = 4;

    private const string Reference = "ref_conv.weight";
    private const string Camera = "control_adapter.conv.weight";
    private const int CameraChannels = 6 * TransformerConfig.CameraFrames; // of a pixel: rays of the frames of a latent frame

    /// <summary>The dimensions of a transformer.</summary>
    /// <param name="weights">Its tensors under their official names.</param>
    /// <exception cref="CheckpointException">It belongs to a family that is not supported, or the tensors contradict each
    /// other.</exception>
    public static TransformerConfig Detect(ICheckpoint weights)
    {
        if (LeftOver.FamilyOf(weights.Tensors.Keys) is { } family)
        {
            throw new CheckpointException(
                weights.Path,
                $"it is a Wan {family} model, by the names of its tensors, which is not supported; text-to-video, image-to-video, "
                    + "first-last-frame and ti2v models are."
            );
        }

        NamedFamilies.Refuse(weights.Path);
        var hints = ModelHints.For(weights);
        var patch = weights.ShapeOf("patch_embedding.weight", 5); // [dim, channels, frames, height, width]
        if (patch is [_, 1, 2, 2, > 2])
        {
            throw new CheckpointException(
                weights.Path,
                "patch_embedding.weight",
                "its channels are the last dimension, as MLX has them: get the file in the official layout, where they are the second."
            );
        }

        var patchSize = new PatchSize(patch[2], patch[3], patch[4]);
        var head = weights.LengthOf("head.head.weight");
        var visionDim = weights.Has("img_emb.proj.0.weight") ? weights.LengthOf("img_emb.proj.0.weight") : (int?)null;
        var outChannels = head / patchSize.Volume;
        var (controlChannels, controlBlocks) = ControlOf(weights, hints);
        var config = Described.Valid(
            weights.Path,
            new TransformerConfig
            {
                ModelType = IsFun(weights, hints, patch[1], outChannels, visionDim)
                    ? ModelType.Fun
                    : TypeOf(weights, hints, patch[1], outChannels, visionDim),
                PatchSize = patchSize,
                TextLength = hints.Integer("text_len") ?? new TransformerConfig().TextLength,
                InChannels = patch[1],
                OutChannels = outChannels,
                Dim = patch[0],
                FfnDim = weights.LengthOf("blocks.0.ffn.0.weight"),
                FreqDim = weights.ShapeOf("time_embedding.0.weight", 2)[1],
                TextDim = weights.ShapeOf("text_embedding.0.weight", 2)[1],
                Heads = HeadsOf(weights.Path, hints, patch[0]),
                Layers = LayersOf(weights, hints),
                Eps = hints.Number("eps") ?? new TransformerConfig().Eps,
                ControlChannels = controlChannels,
                ControlBlocks = controlBlocks,
                VisionDim = visionDim,
                TakesReference = weights.Has(Reference),
                CameraStride = CameraStrideOf(weights),
            },
            configuration => configuration.Validate()
        );
        DescriptionFit.Require(weights.Path, hints, config);
        return config;
    }

    /// <summary>
    /// Whether it is one of VideoX-Fun's: by what it has in addition, by channels that no other has, or, where it looks as an
    /// image-to-video model does, by its name (<see cref="NamedFamilies.IsInpainting"/>).
    /// </summary>
    /// <remarks>
    /// Source of the channels: modelscope/DiffSynth-Studio:diffsynth/configs/model_configs.py, of the published checkpoints. With 16 of
    /// noise, an image without a mask (2.1 Camera), a mask and an image (InP, 2.2 Camera), and before them a control (2.1 Control, 2.2
    /// Control) make 32, 36, 48 and 52; with 48 the mask and the image make 100, and those after a control 148.
    /// </remarks>
    private static bool IsFun(ICheckpoint weights, ModelHints hints, int inChannels, int outChannels, int? visionDim)
    {
        if (weights.Has(Reference) || weights.Has(Camera) || hints.Text("model_type") == TransformerSection.Fun)
        {
            return true;
        }

        if (outChannels <= MaskChannels || weights.Has(Positions))
        {
            return false;
        }

        var joined = inChannels - outChannels;
        return joined == (2 * outChannels) + MaskChannels
            || (joined == 2 * outChannels && visionDim is not null)
            || (
                joined == outChannels + MaskChannels
                && (outChannels == VaeConfig.Wan22.LatentChannels || NamedFamilies.IsInpainting(weights.Path))
            );
    }

    /// <summary>Pixels to a side of a latent position, by the channels that they make; null without a camera.</summary>
    private static int? CameraStrideOf(ICheckpoint weights)
    {
        if (!weights.Has(Camera))
        {
            return null;
        }

        var channels = weights.ShapeOf(Camera, 4)[1]; // [dim, 24 · stride · stride, patch height, patch width]
        var stride = (int)Math.Sqrt(channels / (double)CameraChannels);
        return stride > 0 && CameraChannels * stride * stride == channels
            ? stride
            : throw new CheckpointException(
                weights.Path,
                Camera,
                $"it takes {channels} channels of a camera, which are not {CameraChannels} for each pixel of a square: another kind of "
                    + "camera is not supported."
            );
    }

    /// <summary>The channels of a control (VACE), and how many blocks read it.</summary>
    private static (int? Channels, int Blocks) ControlOf(ICheckpoint weights, ModelHints hints)
    {
        if (!weights.Has(ControlPatches))
        {
            return weights.Tensors.Keys.Any(ControlNames.IsOne)
                ? throw new CheckpointException(
                    weights.Path,
                    $"it is a Wan VACE model without {CheckpointException.Quote(ControlPatches)}: "
                        + "it is a part of a checkpoint, or damaged: get the whole file."
                )
                : (null, 0);
        }

        var all = weights.CountLayers("blocks.");
        int[] places = [.. Enumerable.Range(0, all).Where(block => weights.Has($"blocks.{block}.vace.after_proj.weight"))];
        var distance = places.Length > 0 ? all / places.Length : 0;
        var said = hints.Text("vace_layers");
        if (
            places.Length == 0
            || all % places.Length != 0
            || places.Where((place, i) => place != i * distance).Any()
            || (said is null && !PublishedDistances.Contains(distance)) // one that is missing would change the distance of the others
        )
        {
            var found = Math.Max(places.Length, ControlNames.Count(weights.Tensors.Keys, ControlNames.Theirs));
            throw new CheckpointException(
                weights.Path,
                $"it is a Wan VACE model with {found} blocks for the control next to {all} others: a published model has one next to every "
                    + "2nd (15 next to 30) or every 5th (8 next to 40). Is it one part of several? Get the rest."
            );
        }

        var ours = $"[{string.Join(',', places)}]";
        return said is null || string.Concat(said.Where(c => !char.IsWhiteSpace(c))) == ours
            ? (weights.ShapeOf(ControlPatches, 5)[1], places.Length)
            : throw new CheckpointException(
                hints.Source,
                $"its vace_layers are {said}, and the blocks in {weights.Path} are at even distances, {ours}: another arrangement is not "
                    + "supported."
            );
    }

    private static ModelType TypeOf(ICheckpoint weights, ModelHints hints, int inChannels, int outChannels, int? visionDim)
    {
        if (inChannels == outChannels && visionDim is null)
        {
            // Sixteen channels can be either; only the 5B model has a VAE of 48.
            return hints.Text("model_type") switch
            {
                "ti2v" => ModelType.TextImageToVideo,
                "t2v" => ModelType.TextToVideo,
                _ => outChannels == VaeConfig.Wan22.LatentChannels ? ModelType.TextImageToVideo : ModelType.TextToVideo,
            };
        }

        // Without its positions a model of two images looks like one of the first; Wan 2.2's, without CLIP, has none.
        var describes = hints.Text("model_type") == FirstLast || hints.Integer("pos_embed_seq_len") > 0;
        if (!weights.Has(Positions) && (describes || (visionDim is not null && IsNamedFirstLast(weights.Path))))
        {
            throw new CheckpointException(
                weights.Path,
                Positions,
                $"it is missing, and {(describes ? hints.Source : "the file's name")} says that this is a model of the first and the last "
                    + "frame, which has it: get the whole file, or rename it if it is not such a model."
            );
        }

        return inChannels == (2 * outChannels) + MaskChannels && outChannels != VaeConfig.Wan22.LatentChannels
            ? weights.Has(Positions)
                ? ModelType.FirstLastFrameToVideo
                : ModelType.ImageToVideo
            : throw new CheckpointException(
                weights.Path,
                $"it takes {inChannels} channels for {outChannels} of video: a Wan model of a family that takes more than noise "
                    + "and an image, which is not supported."
            );
    }

    /// <summary>Whether the file is called as models of two frames are published, or the folder of one with an official name.</summary>
    private static bool IsNamedFirstLast(string path)
    {
        var file = Path.GetFileName(path);
        var folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path)));
        var name = file.StartsWith("diffusion_pytorch_model", StringComparison.Ordinal) ? folder : file;
        return name?.Contains(FirstLast, StringComparison.OrdinalIgnoreCase) == true;
    }

    private static int HeadsOf(string path, ModelHints hints, int dim)
    {
        if (hints.Integer("num_heads", "num_attention_heads") is not { } heads)
        {
            return dim % PublishedHeadDim == 0
                ? dim / PublishedHeadDim
                : throw new CheckpointException(
                    path,
                    $"tensors do not tell the number of heads, and a width of {dim} is not a multiple of the usual {PublishedHeadDim}: "
                        + $"put the {ModelDescription.FileName} with num_heads next to the file."
                );
        }

        // What describes another network would be believed where tensors tell nothing.
        var described = hints.Integer("dim") ?? (hints.Integer("attention_head_dim") is { } headDim ? headDim * (long)heads : dim);
        return described == dim && heads > 0 && dim % heads == 0
            ? heads
            : throw new CheckpointException(
                hints.Source,
                $"it says that {heads} heads make a width of {described}, but the tensors of {path} are {dim} wide: it describes "
                    + $"another network. Put the right {ModelDescription.FileName} there, or remove this one."
            );
    }

    private static int LayersOf(ICheckpoint weights, ModelHints hints)
    {
        var layers = weights.CountLayers("blocks.");
        return (hints.Integer("num_layers") ?? layers) == layers
            ? layers
            : throw new CheckpointException(
                weights.Path,
                $"it has {layers} blocks, but {hints.Source} says {hints.Integer("num_layers")}: is it one part of several, or "
                    + "the description another network's? Get the rest, or remove the description."
            );
    }
}
