using System.Globalization;
using System.Text;
using WanSharp.Engine.Planning;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Models.Layout;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Tools.Export;

/// <summary>An export's <c>README.md</c>: how a stranger uses the files. A test runs the program in it.</summary>
internal static class ExportReadme
{
    private const string CacheName = ".cache.";
    private const string Prompt = "a red circle moving left on a black background";

    public static void Write(string folder, WanModel model, ExportOptions options, IReadOnlyList<ExportedGraph> graphs)
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"""
            # {model.Name} as ONNX files

            Written by WanSharp {GenerationPlanner.ProductVersion}: the networks of a Wan model in {TypeOf(options)},
            {Operators(options.Lowering)}.
            Weights are external data in the `.data` file next to each graph; keep the two together. Batch, frames, height
            and width are free, with the conditions below. `manifest.json` says the same for programs, and how closely each output
            matched WanSharp's own run when the files were written.


            """
        );
        foreach (var graph in graphs)
        {
            Describe(text, graph);
        }

        foreach (var (network, section) in Sections(model))
        {
            text.Append(options.Networks.HasFlag(network) ? section : "");
        }

        // Otherwise a mask and an image join them.
        var takesLatentsAlone = model.Transformer.GivenChannels == model.Transformer.OutChannels;
        text.Append(options.Networks == ModelNetworks.All && takesLatentsAlone && !model.HasExperts ? Example(model) : "");
        File.WriteAllText(Path.Combine(folder, "README.md"), text.ToString());
    }

    private static string TypeOf(ExportOptions options) =>
        options.Compute == DType.F32
            ? "float32"
            : "float16 between islands of float32 (inputs and outputs, norms, residuals, the text encoder)";

    private static string Operators(Lowering lowering) =>
        lowering == Lowering.Plain
            ? "with operators of ONNX opset 17 alone"
            : "with ONNX Runtime's own operators (domain com.microsoft) in addition to those of ONNX opset 17";

    private static void Describe(StringBuilder text, ExportedGraph graph)
    {
        text.Append(CultureInfo.InvariantCulture, $"## {graph.File}\n\n| | name | type | shape |\n| --- | --- | --- | --- |\n");
        Rows("in", graph.Graph.Inputs);
        Rows("out", graph.Graph.Outputs);
        text.Append('\n');

        void Rows(string role, IReadOnlyList<GraphValue> values)
        {
            var isCache = values.ToLookup(value => value.Name.Contains(CacheName, StringComparison.Ordinal));
            foreach (var value in isCache[false])
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| {role} | `{value.Name}` | {value.DType.Name()} | {string.Join(" × ", value.Shape)} |\n"
                );
            }

            if (isCache[true].FirstOrDefault() is { } cache)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"| {role} | {isCache[true].Count()} caches such as `{cache.Name}` | {cache.DType.Name()} | in `manifest.json` |\n"
                );
            }
        }
    }

    private static IEnumerable<(ModelNetworks Network, string Section)> Sections(WanModel model)
    {
        var (config, vae, patch, shift) = (model.Transformer, model.Vae, model.Transformer.PatchSize, model.Defaults.Shift);
        yield return (
            ModelNetworks.TextEncoder,
            $"""
            ## How to encode text

            {(SentencePieceTokenizer.IsJson(model.TokenizerPath)
                ? $"`{TokenizerSource.JsonName}` is a Unigram model (Python: `tokenizers`; JavaScript: `@huggingface/transformers`)"
                : $"`{TokenizerSource.ModelName}` is a SentencePiece model (Python: `sentencepiece`; "
                    + "JavaScript: any reader of Unigram models)")}. Resolve
            HTML entities, trim, make every run of white space one space, encode,
            cut to {config.TextLength - 1} ids, append {model.Tokenizer.EosId}
            (end). Pad a batch with {model.Tokenizer.PadId}; `mask` is 1 for ids, 0 for padding. To compare: the ids of
            "{Prompt}" are
            {string.Join(", ", model.Tokenizer.Encode(Prompt, config.TextLength))}.

            The transformer's `context` is `text` for the ids, then rows of zeros up to {config.TextLength}. Rows of `text` at padding mean
            nothing: overwrite them with zeros.


            """
        );
        yield return (
            ModelNetworks.Transformer,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                ## How to denoise

                `latents` are [batch, {config.GivenChannels}, frames, height, width] with
                (video frames − 1) / {vae.TemporalStride} + 1 latent frames, and height and width are the video's divided by
                {vae.SpatialStride}; frames, height and width are multiples of {patch.Frames}, {patch.Height} and {patch.Width}.
                `timesteps` is [batch, 1], or [batch, latent frames] or [batch, tokens] to give parts of a clip timesteps of
                their own (0 for a frame that is given clean).

                {ImageInputs(model)}{ExpertFiles(model)}Begin with standard normal noise. With s = 1 … 0 in equal steps and
                sigma = {shift} s / (1 + {shift - 1} s), the timestep is 1000 sigma, and Euler's step is
                latents += (next sigma − sigma) × velocity. Guidance: velocity = v(negative prompt) +
                {model.Defaults.GuidanceScale} × (v(prompt) − v(negative prompt)). The model was made for {model.Defaults.Steps} steps of
                {model.Defaults.Frames} frames of {model.Defaults.Width}×{model.Defaults.Height}.


                """
            )
        );
        yield return (
            ModelNetworks.Vae,
            $"""
            ## How to encode and decode clips

            A clip passes piece by piece. The first piece, one frame, goes through the `_first` file; every later one, {vae.TemporalStride}
            frames, through the `_next` file (decoding: one latent frame in, as many frames out). An output `NAME.next` is a
            cache: pass it to the next piece as the input `NAME`. Pixels are RGB in [-1, 1]; latents are standardized, as the
            transformer takes them.


            """
        );
    }

    /// <summary>What an image-to-video transformer takes in addition to noise.</summary>
    private static string ImageInputs(WanModel model)
    {
        var (config, vae) = (model.Transformer, model.Vae);
        if (config.GivenChannels == config.OutChannels)
        {
            return "";
        }

        if (config.ModelType == ModelType.Fun)
        {
            return FunInputs(config);
        }

        if (config.ControlChannels is { } control)
        {
            return $"""
                The first {config.InChannels} channels of `latents` are the noise. {control} of the control follow: {vae.LatentChannels} of
                    the VAE's latents of a clip that is grey (0) where it is made anew, {vae.LatentChannels} of one that is grey elsewhere,
                and the mask of each position's {vae.SpatialStride}×{vae.SpatialStride} pixels, 1 where they are made anew; for text alone
                    both clips are grey and the mask is 1. The last channel says how strongly the control is followed: 1.


                """;
        }

        var features = config.VisionDim is null
            ? ""
            : $" `clip_features` are `features` of the image, or of the first and then the last one, standardized as CLIP's are.";
        return $"""
            The first {config.OutChannels} channels of `latents` are the noise. {vae.TemporalStride} of a mask follow,
                1 where a frame of video is given, and {vae.LatentChannels}
            of the VAE's latents of a clip that shows what is given and is grey (0) elsewhere.{features}


            """;
    }

    /// <summary>What one of VideoX-Fun's takes in addition to noise, in the order of its channels.</summary>
    private static string FunInputs(TransformerConfig config)
    {
        var latents = $"{config.OutChannels} of the VAE's latents";
        var parts = new List<string>();
        if (config.JoinsControl)
        {
            parts.Add($"{latents} of the clip that is followed");
        }

        if (config.JoinsMask)
        {
            parts.Add("4 of a mask, 1 where a frame of video is given");
            parts.Add($"{latents} of a clip that shows what is given and is grey (0) elsewhere");
        }
        else
        {
            parts.Add($"{latents} of the first image, in the first frame alone");
        }

        if (config.CameraStride is not null)
        {
            parts.Add(
                "16 for the camera of each of 4 frames, the same at all positions: focal lengths and centre in pixels, the rotation's "
                    + "rows, and the place, both relative to the first frame's"
            );
        }

        if (config.TakesReference)
        {
            parts.Add(
                $"a frame stands in front of the clip's, and is {config.OutChannels} channels of a reference picture's latents behind as "
                    + "many that are not looked at; its velocity is 0"
            );
        }

        return $"""
            The first {config.OutChannels} channels of `latents` are the noise. There follow, zeros where nothing is given:

            {string.Join('\n', parts.Select(part => $"- {part}"))}


            """;
    }

    /// <summary>Which of two transformers takes a step.</summary>
    private static string ExpertFiles(WanModel model) =>
        !model.HasExperts
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $"""
                Steps of a timestep of {1000 * model.Defaults.Boundary} and more go through `{ExportedGraph.HighNoise}`,
                with {model.Defaults.HighNoiseGuidanceScale} for guidance's scale; the others through `{ExportedGraph.Transformer}`.


                """
            );

    private static string Example(WanModel model)
    {
        var (config, vae, defaults) = (model.Transformer, model.Vae, model.Defaults);
        int[] latents =
        [
            config.GivenChannels,
            ((defaults.Frames - 1) / vae.TemporalStride) + (config.TakesReference ? 2 : 1),
            defaults.Height / vae.SpatialStride,
            defaults.Width / vae.SpatialStride,
        ];
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            ## A video from Node

            `npm install onnxruntime-node`, save as `video.cjs` here, run `node video.cjs`.

            ```js
            const fs = require('fs'), path = require('path'), ort = require('onnxruntime-node');
            const open = name => ort.InferenceSession.create(path.join(__dirname, name + '.onnx'));
            const tensor = (data, dims) => new ort.Tensor(data, dims);
            const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

            (async () => {
              // "{{Prompt}}"
              const ids = [{{string.Join(", ", model.Tokenizer.Encode(Prompt, config.TextLength))}}].map(BigInt);
              const encoder = await open('text_encoder');
              const { text } = await encoder.run({
                ids: tensor(BigInt64Array.from(ids), [1, ids.length]),
                  mask: tensor(new BigInt64Array(ids.length).fill(1n), [1, ids.length]) });
              const context = new Float32Array({{config.TextLength}} * {{config.TextDim}});
              context.set(text.data);

              const dims = [1, {{string.Join(", ", latents)}}], steps = 8, shift = {{defaults.Shift}};
              const latents = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, normal);
              const sigma = i => { const s = 1 - i / steps; return shift * s / (1 + (shift - 1) * s); };
              const transformer = await open('transformer');
              for (let i = 0; i < steps; i++) { // no guidance, for brevity
                const { velocity } = await transformer.run({
                  latents: tensor(latents, dims), timesteps: tensor(Float32Array.of(1000 * sigma(i)), [1, 1]),
                  context: tensor(context, [1, {{config.TextLength}}, {{config.TextDim}}]) });
                velocity.data.forEach((v, j) => latents[j] += (sigma(i + 1) - sigma(i)) * v);
              }

              const first = await open('vae_decode_first'), next = await open('vae_decode_next');
              const [, channels, frames, height, width] = dims, area = height * width, file = fs.openSync('clip.rgb', 'w');
              for (let t = 0, caches = {}; t < frames; t++) {
                const latent = new Float32Array(channels * area);
                for (let c = 0; c < channels; c++)
                latent.set(latents.subarray((c * frames + t) * area, (c * frames + t + 1) * area), c * area);
                const step = await (t ? next : first).run({ latents: tensor(latent, [1, channels, 1, height, width]), ...caches });
                caches = Object.fromEntries(Object.entries(step).filter(([name]) => name.endsWith('.next'))
                .map(([name, value]) => [name.slice(0, -5), value]));
                const pixels = step.frames.data, size = pixels.length / 3; // [1, 3, 1 or {{vae.TemporalStride}}, height, width]
                fs.writeSync(file, Uint8Array.from({ length: 3 * size },
                (_, i) => Math.round((pixels[i % 3 * size + Math.floor(i / 3)] + 1) * 127.5)));
              }
            })();
            ```

            This makes a clip of it:

                    ffmpeg -f rawvideo -pixel_format rgb24 -video_size {{defaults.Width}}x{{defaults.Height}} \
                      -framerate {{defaults.Fps}} -i clip.rgb clip.mp4

            """
        );
    }
}
