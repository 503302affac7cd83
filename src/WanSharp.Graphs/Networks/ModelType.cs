namespace WanSharp.Graphs.Networks;

/// <summary>What a Wan transformer was trained to do (<c>model_type</c> in an official <c>config.json</c>).</summary>
public enum ModelType
{
    /// <summary>Text to video (<c>t2v</c>).</summary>
    TextToVideo,

    /// <summary>Text, or text and a first image, to video, with a timestep for each latent frame (<c>ti2v</c>).</summary>
    TextImageToVideo,

    /// <summary>Image to video, the image joined to the latents as channels (<c>i2v</c>).</summary>
    ImageToVideo,

    /// <summary>First and last frame to video (<c>flf2v</c>).</summary>
    FirstLastFrameToVideo,

    /// <summary>
    /// VideoX-Fun's models: the first and the last frame, a control video or a camera, joined to the latents; any of it may be left out
    /// (<c>fun</c>; their own files say <c>i2v</c>, <c>t2v</c> or <c>ti2v</c>).
    /// </summary>
    Fun,
}
