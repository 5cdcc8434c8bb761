// The parts of ECharts that are used. It is loaded when the first chart is shown.

import { BarChart } from 'echarts/charts'
import { GridSimpleComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, GridSimpleComponent, CanvasRenderer])

export { init }
